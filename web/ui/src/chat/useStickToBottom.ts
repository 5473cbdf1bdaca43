/**
 * Keeps the end of a growing text in view, as long as the reader is there.
 *
 * Whoever scrolls up, reads: from then on nothing moves, until the reader comes back to the end.
 */
import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";

const NEAR_PX = 40;

export function useStickToBottom(scroller: Readonly<Ref<HTMLElement | null>>, content: Readonly<Ref<HTMLElement | null>>) {
  const isStuck = ref(true);
  let lastTop = 0;
  let observer: ResizeObserver | undefined;

  const distance = (element: HTMLElement): number => element.scrollHeight - element.clientHeight - element.scrollTop;

  function toEnd(): void {
    const element = scroller.value;
    if (!element) return;
    element.scrollTop = element.scrollHeight;
    lastTop = element.scrollTop;
  }

  /** The reader wants the end: now and from now on. */
  function stick(isSmooth = false): void {
    isStuck.value = true;
    if (isSmooth && scroller.value && distance(scroller.value) < 3_000) {
      scroller.value.scrollTo({ top: scroller.value.scrollHeight, behavior: "smooth" });
    } else {
      toEnd();
    }
  }

  function scrolled(): void {
    const element = scroller.value;
    if (!element) return;
    if (element.scrollTop < lastTop - 1 && distance(element) > 2) isStuck.value = false;
    if (distance(element) <= NEAR_PX && element.scrollTop >= lastTop) isStuck.value = true;
    lastTop = element.scrollTop;
  }

  // A turn of the wheel upwards counts before it has scrolled: the next token must not pull back.
  function wheeled(event: WheelEvent): void {
    if (event.deltaY < 0 && scroller.value && scroller.value.scrollTop > 0) isStuck.value = false;
  }

  onMounted(() => {
    scroller.value?.addEventListener("scroll", scrolled, { passive: true });
    scroller.value?.addEventListener("wheel", wheeled, { passive: true });
    observer = new ResizeObserver(() => {
      if (isStuck.value) toEnd();
    });
    if (content.value) observer.observe(content.value);
    if (scroller.value) observer.observe(scroller.value);
    toEnd();
  });
  onBeforeUnmount(() => {
    observer?.disconnect();
  });

  return { isStuck, stick };
}
