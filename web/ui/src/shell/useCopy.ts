/** Copies a text, and says for a moment that it did. */
import { onBeforeUnmount, ref } from "vue";

const SAID_MS = 1_800;

export function useCopy() {
  const state = ref<"" | "copied" | "failed">("");
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      state.value = "copied";
    } catch {
      state.value = "failed"; // forbidden by the browser: the page says so
    }
    clearTimeout(timer);
    timer = setTimeout(() => {
      state.value = "";
    }, SAID_MS);
  }

  onBeforeUnmount(() => {
    clearTimeout(timer);
  });
  return { state, copy };
}
