/**
 * Draws of a long list what is in view and a little around it; the rest are gaps as high as it would be.
 *
 * Whoever reads in the middle keeps the line that they read, whatever comes in above it: the first item in view is
 * the anchor, and as far as a change moves it, the view is moved. What is drawn after a change is what lies around it.
 */
import { computed, nextTick, onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref } from "vue";

const AROUND_PX = 1_200;
const NEAR_PX = 500; // of the edge of what is drawn: draw anew
const FIRST = 24; // drawn before anything is measured

/** An item that is drawn, or with the index -1 a gap. */
export interface Slot {
  readonly key: string;
  readonly index: number;
  readonly height: number;
}

export interface WindowOptions {
  scroller: Readonly<Ref<HTMLElement | null>>;
  list: Readonly<Ref<HTMLElement | null>>;
  ids: Readonly<Ref<readonly string[]>>;
  /** How high the item is likely to be. */
  guess: (index: number) => number;
  /** Items that are drawn wherever they are. */
  kept: Readonly<Ref<readonly string[]>>;
  /** The end is in view, and stays there by itself. */
  isStuck: Readonly<Ref<boolean>>;
}

export function useWindow({ scroller, list, ids, guess, kept, isStuck }: WindowOptions) {
  const heights = new Map<string, number>();
  const measured = ref(0); // how often something was
  const range = shallowRef({ from: Math.max(0, ids.value.length - FIRST), to: ids.value.length });
  /** `y` in the content, `offset` from the top of the view; both in pixels, when it was seen last. */
  let anchor: { id: string; y: number; offset: number } | null = null;
  let ratio = 1; // of what is to what was guessed
  let observer: ResizeObserver | undefined;

  const heightOf = (index: number): number => heights.get(ids.value[index] ?? "") ?? guess(index) * ratio;

  /** Where each item begins, and where the last one ends. */
  const tops = computed(() => {
    const sums = new Float64Array(measured.value >= 0 ? ids.value.length + 1 : 0);
    for (let index = 0; index < ids.value.length; index += 1) sums[index + 1] = (sums[index] ?? 0) + heightOf(index);
    return sums;
  });

  /** The last item that begins above `y`. */
  function indexAt(y: number): number {
    let low = 0;
    let high = ids.value.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((tops.value[middle] ?? 0) <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  const slots = computed<readonly Slot[]>(() => {
    const count = ids.value.length;
    const from = Math.min(range.value.from, Math.max(0, count - 1));
    const to = Math.min(range.value.to, count);
    const wanted = new Set<number>();
    for (let index = from; index < to; index += 1) wanted.add(index);
    for (const id of kept.value) {
      const index = ids.value.indexOf(id);
      if (index >= 0) wanted.add(index);
    }
    const made: Slot[] = [];
    let next = 0;
    for (const index of [...wanted].sort((a, b) => a - b)) {
      gap(made, next, index);
      made.push({ key: ids.value[index] ?? "", index, height: 0 });
      next = index + 1;
    }
    gap(made, next, count);
    return made;
  });

  function gap(made: Slot[], from: number, to: number): void {
    if (from < to) made.push({ key: `gap ${from}`, index: -1, height: (tops.value[to] ?? 0) - (tops.value[from] ?? 0) });
  }

  function listTop(): number {
    if (!scroller.value || !list.value) return 0;
    return list.value.getBoundingClientRect().top - scroller.value.getBoundingClientRect().top;
  }

  /** Draw what is in view; nothing changes while enough is drawn. */
  function look(top = -listTop(), force = false): void {
    const box = scroller.value;
    if (!box || box.clientHeight === 0 || ids.value.length === 0) return;
    const bottom = top + box.clientHeight;
    const { from, to } = range.value;
    const isEnough =
      to <= ids.value.length &&
      (from === 0 || (tops.value[from] ?? 0) < top - NEAR_PX) &&
      (to === ids.value.length || (tops.value[to] ?? 0) > bottom + NEAR_PX);
    if (isEnough && !force) return;
    range.value = { from: indexAt(top - AROUND_PX), to: Math.min(ids.value.length, indexAt(bottom + AROUND_PX) + 1) };
  }

  /** Draw what is around the anchor, for what is in view lies elsewhere in a list that has changed. */
  function lookAround(): void {
    const index = anchor ? ids.value.indexOf(anchor.id) : -1;
    look(anchor && index >= 0 ? (tops.value[index] ?? 0) - anchor.offset : -listTop(), true);
  }

  const items = (): HTMLElement[] => Array.from(list.value?.querySelectorAll<HTMLElement>(":scope > [data-id]") ?? []);

  function note(): void {
    if (!scroller.value) return;
    const { scrollTop } = scroller.value;
    const box = scroller.value.getBoundingClientRect();
    for (const item of items()) {
      const { top, bottom } = item.getBoundingClientRect();
      if (bottom <= box.top) continue;
      const offset = top - box.top;
      anchor = { id: item.dataset.id ?? "", y: offset + scrollTop, offset };
      return;
    }
  }

  /** Move the view as far as the anchor was moved; what was scrolled meanwhile stays scrolled. */
  function hold(): void {
    const box = scroller.value;
    if (!box || isStuck.value || !anchor) return;
    const item = items().find((one) => one.dataset.id === anchor?.id);
    if (!item) return;
    const y = item.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
    if (Math.abs(y - anchor.y) > 0.5) box.scrollTop += y - anchor.y;
    anchor.y = y;
  }

  function measure(): void {
    let changed = false;
    let guessed = 0;
    let real = 0;
    for (const item of items()) {
      const id = item.dataset.id ?? "";
      const height = item.getBoundingClientRect().height;
      if (height === 0) continue;
      guessed += guess(ids.value.indexOf(id));
      real += height;
      if (Math.abs((heights.get(id) ?? -1) - height) < 0.5) continue;
      heights.set(id, height);
      changed = true;
    }
    if (guessed > 0 && heights.size < 400) ratio = real / guessed;
    if (changed) measured.value += 1;
  }

  function scrolled(): void {
    look();
    note();
  }

  watch(ids, () => {
    if (isStuck.value) range.value = { from: Math.max(0, ids.value.length - FIRST), to: ids.value.length };
    else lookAround();
  }, { flush: "pre" }); // prettier-ignore
  watch(slots, () => {
    // At the end the observer measures, after the layout: to measure here would lay out between two changes, and a
    // text that is shorter for that moment would look as if the reader had scrolled up.
    if (isStuck.value) return;
    hold();
    measure();
  }, { flush: "post" }); // prettier-ignore

  onMounted(() => {
    scroller.value?.addEventListener("scroll", scrolled, { passive: true });
    observer = new ResizeObserver(() => {
      measure();
      hold();
      look();
    });
    if (list.value) observer.observe(list.value);
    if (scroller.value) observer.observe(scroller.value);
  });
  watch(list, (element, before) => {
    if (before) observer?.unobserve(before);
    if (element) observer?.observe(element);
  });
  onBeforeUnmount(() => {
    observer?.disconnect();
    scroller.value?.removeEventListener("scroll", scrolled);
  });

  /** Bring the item to the middle of the view, drawn and measured. */
  async function show(id: string): Promise<HTMLElement | null> {
    const index = ids.value.indexOf(id);
    const box = scroller.value;
    if (index < 0 || !box) return null;
    range.value = { from: Math.max(0, index - FIRST), to: Math.min(ids.value.length, index + FIRST) };
    anchor = null;
    await nextTick();
    const item = items().find((one) => one.dataset.id === id);
    item?.scrollIntoView({ block: "center" });
    scrolled();
    await nextTick();
    item?.scrollIntoView({ block: "center" });
    note();
    return item ?? null;
  }

  return { slots, range, show };
}
