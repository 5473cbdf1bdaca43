/** The sheet of keyboard shortcuts: "?" opens it everywhere but where one writes. */
import { ref } from "vue";

const isOpen = ref(false);

export function isWriting(event: KeyboardEvent): boolean {
  const target = event.target;
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

addEventListener("keydown", (event) => {
  if (event.key !== "?" || isWriting(event) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  isOpen.value = true;
});

export function useHelp() {
  return { isOpen };
}
