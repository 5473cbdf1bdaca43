/** Do something now and each second, for as long as the component is there. */
import { onBeforeUnmount } from "vue";

const PAUSE_MS = 1_000;

export function useEverySecond(work: () => Promise<void>): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;

  async function turn(): Promise<void> {
    await work();
    if (!isOver) timer = setTimeout(() => void turn(), PAUSE_MS);
  }

  onBeforeUnmount(() => {
    isOver = true;
    clearTimeout(timer);
  });
  void turn();
}
