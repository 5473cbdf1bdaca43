/** Which rows of a long list are drawn: those in view and a few around them. All rows are of one height. */
import { computed, onBeforeUnmount, onMounted, ref, type ComputedRef, type Ref } from "vue";

const SPARE = 8;
const UNKNOWN_PX = 800; // until the box is measured

export interface Rows {
  readonly first: ComputedRef<number>;
  readonly last: ComputedRef<number>;
  readonly scrollTo: (row: number) => void;
}

export function useWindow(box: Readonly<Ref<HTMLElement | null>>, count: () => number, rowPx: number): Rows {
  const top = ref(0);
  const height = ref(UNKNOWN_PX);
  const first = computed(() => Math.max(0, Math.min(Math.floor(top.value / rowPx) - SPARE, count() - 1)));
  const last = computed(() => Math.min(count(), Math.ceil((top.value + height.value) / rowPx) + SPARE));

  function look(): void {
    top.value = box.value?.scrollTop ?? 0;
    height.value = box.value?.clientHeight || UNKNOWN_PX;
  }

  let sizes: ResizeObserver | undefined;
  onMounted(() => {
    const element = box.value;
    if (!element) return;
    element.addEventListener("scroll", look, { passive: true });
    if ("ResizeObserver" in globalThis) {
      sizes = new ResizeObserver(look);
      sizes.observe(element);
    }
    look();
  });
  onBeforeUnmount(() => {
    box.value?.removeEventListener("scroll", look);
    sizes?.disconnect();
  });

  /** So that the row is in view. */
  function scrollTo(row: number): void {
    const element = box.value;
    if (!element) return;
    const [above, below] = [row * rowPx, (row + 1) * rowPx];
    if (above < element.scrollTop) element.scrollTop = above;
    else if (below > element.scrollTop + element.clientHeight) element.scrollTop = below - element.clientHeight;
  }

  return { first, last, scrollTo };
}
