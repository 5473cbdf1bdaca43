/** Files that are dropped anywhere on the page or pasted into it, and texts that are pasted; whether some are held over it. */
import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";

const hasFiles = (transfer: DataTransfer | null): transfer is DataTransfer => transfer?.types.includes("Files") ?? false;

const TEXT_FIELD = "input:not([type=checkbox], [type=radio], [type=file]), textarea, [contenteditable]:not([contenteditable='false'])";
const isIntoField = (event: Event): boolean =>
  [event.target, document.activeElement].some((one) => one instanceof Element && one.closest(TEXT_FIELD) !== null);

/** `first` may take a drop as it is, and says whether it did; `takeText` a text that is pasted beside all text fields. */
export function useDroppedFiles(
  take: (files: File[]) => void,
  first: (transfer: DataTransfer) => boolean = () => false,
  takeText: (text: string) => boolean = () => false,
): Ref<boolean> {
  const isOver = ref(false);

  function over(event: DragEvent): void {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    isOver.value = true;
  }
  function left(event: DragEvent): void {
    if (event.relatedTarget === null) isOver.value = false; // out of the window
  }
  function dropped(event: DragEvent): void {
    isOver.value = false;
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    if (!first(event.dataTransfer)) take([...event.dataTransfer.files]);
  }
  function pasted(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) {
      event.preventDefault();
      take(files);
    } else if (!isIntoField(event) && takeText(event.clipboardData?.getData("text/plain") ?? "")) event.preventDefault();
  }

  onMounted(() => {
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", left);
    window.addEventListener("drop", dropped);
    window.addEventListener("paste", pasted);
  });
  onBeforeUnmount(() => {
    window.removeEventListener("dragover", over);
    window.removeEventListener("dragleave", left);
    window.removeEventListener("drop", dropped);
    window.removeEventListener("paste", pasted);
  });
  return isOver;
}
