import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { computed, defineComponent, h, nextTick, ref, shallowRef, useTemplateRef } from "vue";
import { mount } from "../testing/mount";
import { useWindow } from "./useWindow";

const VIEW_PX = 600;
const ITEM_PX = 140;
const GUESS_PX = 90; // wrong, as guesses are

/** happy-dom has no layout: this one stacks the list's children, each as high as its style or its kind says. */
class Layout {
  top = 0;
  scroller: HTMLElement | null = null;

  get list(): HTMLElement[] {
    return Array.from(this.scroller?.querySelectorAll<HTMLElement>("li") ?? []);
  }

  heightOf(item: HTMLElement): number {
    return item.dataset.id === undefined ? Number.parseFloat(item.style.height) : ITEM_PX;
  }

  get height(): number {
    return this.list.reduce((sum, item) => sum + this.heightOf(item), 0);
  }

  rectOf(element: HTMLElement): DOMRect {
    if (element === this.scroller) return new DOMRect(0, 0, 800, VIEW_PX);
    const items = this.list;
    const before = items.slice(0, Math.max(0, items.indexOf(element)));
    const y = before.reduce((sum, item) => sum + this.heightOf(item), 0) - this.top;
    return new DOMRect(0, y, 800, element.tagName === "LI" ? this.heightOf(element) : this.height);
  }

  /** The message at the top of the view, and how far above it that begins. */
  get read(): { id: string; offset: number } {
    const first = this.list.find((item) => this.rectOf(item).bottom > 0);
    return { id: first?.dataset.id ?? "", offset: first ? this.rectOf(first).top : 0 };
  }
}

let layout: Layout;
let resized: () => void;
const ids = shallowRef<readonly string[]>([]);
const isStuck = ref(false);
let shown: ReturnType<typeof useWindow>;

const named = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, n) => `m${from + n}`);

async function scrollTo(top: number): Promise<void> {
  layout.top = top;
  layout.scroller?.dispatchEvent(new Event("scroll"));
  await nextTick();
}

/** As the browser does it after a layout. */
async function settle(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    resized();
    await nextTick();
  }
}

beforeEach(async () => {
  layout = new Layout();
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(changed: () => void) {
        resized = changed;
      }
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  );
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockImplementation(function (this: HTMLElement) {
    return layout.rectOf(this);
  });
  ids.value = named(940, 1_000);
  isStuck.value = false;
  mount(
    defineComponent(() => {
      const scroller = useTemplateRef<HTMLElement>("scroller");
      const list = useTemplateRef<HTMLElement>("list");
      shown = useWindow({ scroller, list, ids, guess: () => GUESS_PX, kept: computed(() => []), isStuck });
      const item = (id: string) => h("li", { key: id, "data-id": id });
      const gap = (key: string, height: number) => h("li", { key, style: { height: `${height}px` } });
      return () =>
        h("div", { ref: "scroller" }, [
          h("ol", { ref: "list" }, shown.slots.value.map((slot) => slot.index < 0 ? gap(slot.key, slot.height) : item(slot.key))), // prettier-ignore
        ]);
    }),
  );
  layout.scroller = document.querySelector("div:has(> ol)");
  Object.defineProperties(layout.scroller, {
    clientHeight: { get: () => VIEW_PX },
    scrollTop: {
      get: () => layout.top,
      set: (top: number) => {
        layout.top = Math.max(0, Math.min(top, layout.height - VIEW_PX));
      },
    },
  });
  await settle();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("whoever reads in the middle keeps the line, however many older messages come in above it", async () => {
  await scrollTo(700);
  await settle();
  const before = layout.read;
  expect(before.id).not.toBe("");

  ids.value = named(540, 1_000);
  await nextTick();
  expect(layout.read).toEqual(before);
  await settle();
  expect(layout.read).toEqual(before);
});

test("… also at the very beginning of what was there, where all that came is above it", async () => {
  await scrollTo(0);
  await settle();
  const before = layout.read;
  expect(before).toEqual({ id: "m940", offset: 0 });

  ids.value = named(540, 1_000);
  await nextTick();
  expect(layout.read).toEqual(before);
  await settle();
  expect(layout.read).toEqual(before);
});

test("what was scrolled since the last look stays scrolled", async () => {
  await scrollTo(3_000);
  await settle();
  const { top } = layout;
  await scrollTo(top);
  layout.top -= 40; // its event comes with the next frame, the observer with this one
  await settle();
  expect(layout.top).toBe(top - 40);
});

test("reading back draws each message, and never more than lie around the view", async () => {
  ids.value = named(0, 120);
  await scrollTo(9_000);
  await settle();
  const met = [layout.read.id];
  while (layout.top > 0) {
    await scrollTo(Math.max(0, layout.top - 130));
    await settle();
    met.push(layout.read.id);
    expect(layout.list.length).toBeLessThan(40);
  }
  const numbers = met.map((id) => Number(id.slice(1)));
  expect(numbers.at(-1)).toBe(0);
  expect(numbers.every((number, at) => at === 0 || [0, 1].includes((numbers[at - 1] ?? 0) - number))).toBe(true);
});
