/** A text box as high as its text; the style sheet limits it. */
import { nextTick, onMounted, watch, type Ref } from "vue";

export function useAutosize(box: Readonly<Ref<HTMLTextAreaElement | null>>, text: Readonly<Ref<string>>): void {
  function fit(): void {
    const element = box.value;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }
  onMounted(fit);
  watch(text, () => nextTick(fit));
}
