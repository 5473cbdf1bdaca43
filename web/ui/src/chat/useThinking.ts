/** How a reader likes to see thoughts while they come, and how long a thought took. */
import { onBeforeUnmount, ref, watch, type Ref } from "vue";

const KEY = "samovar.thoughts";
const FOLDED = "folded";

/** Whether thoughts that are coming are unfolded: as the reader last chose, on every page. */
export function opensWhileThinking(): boolean {
  try {
    return localStorage.getItem(KEY) !== FOLDED;
  } catch {
    return true; // storage is forbidden
  }
}

export function rememberWhileThinking(isOpen: boolean): void {
  try {
    if (isOpen) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, FOLDED);
  } catch {
    // Storage is forbidden: the next thought unfolds again.
  }
}

/** Whole seconds for which `isRunning` has held, counted on while it holds. */
export function useSeconds(isRunning: Readonly<Ref<boolean>>) {
  const seconds = ref(0);
  let timer: ReturnType<typeof setInterval> | undefined;
  let begun = 0;
  let before = 0;

  const count = (): void => {
    seconds.value = Math.floor((before + performance.now() - begun) / 1_000);
  };

  function pause(): void {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    before += performance.now() - begun;
    seconds.value = Math.floor(before / 1_000);
  }

  watch(
    isRunning,
    (runs) => {
      if (!runs) {
        pause();
      } else if (timer === undefined) {
        begun = performance.now();
        timer = setInterval(count, 1_000);
      }
    },
    { immediate: true },
  );
  onBeforeUnmount(pause);

  return seconds;
}
