import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defineComponent, h, ref } from "vue";
import { mount } from "../testing/mount";
import { useStickToBottom } from "./useStickToBottom";

/** happy-dom has no layout: a scroller of which the test says how high it is. */
class Scroller {
  readonly element = document.createElement("div");
  height = 1_000;
  top = 0;

  constructor() {
    const { element } = this;
    Object.defineProperty(element, "clientHeight", { get: () => 400 });
    Object.defineProperty(element, "scrollHeight", { get: () => this.height });
    Object.defineProperty(element, "scrollTop", {
      get: () => this.top,
      set: (top: number) => {
        this.top = Math.min(top, this.height - 400);
      },
    });
  }

  scrollTo(top: number): void {
    this.top = top;
    this.element.dispatchEvent(new Event("scroll"));
  }
}

let grown: () => void;
let scroller: Scroller;
let stick: ReturnType<typeof useStickToBottom>;

function grow(by: number): void {
  scroller.height += by;
  grown();
}

beforeEach(() => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(changed: () => void) {
        grown = changed;
      }
      observe(): void {
        grown();
      }
      disconnect(): void {
        grown = () => undefined;
      }
    },
  );
  scroller = new Scroller();
  mount(
    defineComponent(() => {
      stick = useStickToBottom(ref(scroller.element), ref(document.createElement("div")));
      return () => h("i");
    }),
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test("the end of a growing text stays in view", () => {
  expect(scroller.top).toBe(600);
  grow(50);
  expect(scroller.top).toBe(650);
});

test("whoever scrolls up is left alone while the text grows", () => {
  scroller.scrollTo(500);
  grow(200);
  expect(scroller.top).toBe(500);
  expect(stick.isStuck.value).toBe(false);
});

test("a turn of the wheel upwards counts before it has scrolled", () => {
  scroller.element.dispatchEvent(new WheelEvent("wheel", { deltaY: -30 }));
  grow(50);
  expect(scroller.top).toBe(600);
});

test("whoever comes back to the end goes along again", () => {
  scroller.scrollTo(300);
  scroller.scrollTo(590);
  expect(stick.isStuck.value).toBe(true);
  grow(100);
  expect(scroller.top).toBe(700);
});

test("a little way up near the end is still a way up", () => {
  scroller.scrollTo(580);
  expect(stick.isStuck.value).toBe(false);
});

test("one can ask for the end", () => {
  scroller.scrollTo(100);
  stick.stick();
  expect(scroller.top).toBe(600);
  expect(stick.isStuck.value).toBe(true);
});

test("a page that shrinks is not somebody who scrolls up", () => {
  scroller.height = 800;
  scroller.scrollTo(400);
  expect(stick.isStuck.value).toBe(true);
});
