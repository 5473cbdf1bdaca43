import { beforeEach, describe, expect, test, vi } from "vitest";
import { h, nextTick, reactive } from "vue";
import { find, mount } from "../testing/mount";
import type { Live, Shown } from "../wire/conversation";
import MessageItem from "./MessageItem.vue";
import ReplyThoughts from "./ReplyThoughts.vue";

const thinking: Live = {
  generation: "g", message: "m", kind: "reply", parent: "p", siblings: ["m"], state: "streaming", text: "", thoughts: "Hm", continues: "",
  continuesThoughts: "", seam: -1, nextSeq: 1, place: 0, waiting: 0, waitSeconds: -1, progress: -1, speaker: "v1", roundLeft: 0,
}; // prettier-ignore

beforeEach(() => {
  localStorage.clear();
});

/** The block of a reply; `over` and `begins` let the model finish, or begin to speak. */
function block(live: Live | null = thinking, thoughts = "Hm, *so*.") {
  const props = reactive<{ thoughts: string; live: Live | null }>({ thoughts, live });
  const root = mount({ render: () => h(ReplyThoughts, { ...props }) });
  const button = find<HTMLButtonElement>(root, "button");
  const show = async (next: Live | null): Promise<void> => {
    props.live = next;
    await nextTick();
  };
  return {
    root,
    button,
    show,
    begins: () => show({ ...thinking, text: "Well" }),
    isOpen: () => button.getAttribute("aria-expanded") === "true",
    click: async () => {
      button.click();
      await nextTick();
    },
  };
}

describe("thoughts", () => {
  test("are unfolded while they come and fold when the reply begins", async () => {
    const { isOpen, begins, button } = block();
    expect(isOpen()).toBe(true);
    expect(button.textContent).toContain("Thinking");
    await begins();
    expect(isOpen()).toBe(false);
    expect(button.textContent).toContain("Thoughts");
  });

  test("of a finished reply are folded, not even drawn, and unfold", async () => {
    const { root, isOpen, click } = block(null);
    expect(isOpen()).toBe(false);
    expect(root.querySelector(".markdown")).toBeNull();
    await click();
    expect(isOpen()).toBe(true);
    expect(find(root, ".markdown").textContent).toContain("Hm, so.");
  });

  test("stay as the reader had them when the reply begins", async () => {
    const folded = block();
    await folded.click();
    await folded.click();
    await folded.begins();
    expect(folded.isOpen()).toBe(true);
    await folded.show(null);
    expect(folded.isOpen()).toBe(true);
  });

  test("come folded once a reader has folded them while they came, until unfolded again", async () => {
    const first = block();
    await first.click();
    const second = block();
    expect(second.isOpen()).toBe(false);
    await second.click();
    expect(block().isOpen()).toBe(true);
  });

  test("that are folded when all is said change nothing for the next ones", async () => {
    const { click } = block(null);
    await click();
    await click();
    expect(block().isOpen()).toBe(true);
  });

  test("name what the button opens, and keep what is folded from keys and readers", async () => {
    const { root, button, click } = block(null);
    const sheet = find(root, `#${CSS.escape(button.getAttribute("aria-controls") ?? "")}`);
    expect(sheet.getAttribute("aria-label")).toBe("Thoughts");
    expect(sheet.hasAttribute("inert")).toBe(true);
    await click();
    expect(sheet.hasAttribute("inert")).toBe(false);
  });

  test("say how long they took, to a page that saw them begin", async () => {
    vi.useFakeTimers();
    try {
      const { button, begins } = block();
      await vi.advanceTimersByTimeAsync(3_200);
      expect(button.textContent).toContain("3 s");
      expect(find(button, ".time").getAttribute("aria-hidden")).toBe("true");
      await begins();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(button.textContent).toContain("Thoughts");
      expect(button.textContent).toContain("3 s");
      const late = block({ ...thinking, nextSeq: 300 });
      await vi.advanceTimersByTimeAsync(3_200);
      expect(late.button.textContent).not.toContain("3 s");
    } finally {
      vi.useRealTimers();
    }
  });

  test("stand above the reply, and nowhere where there are none", () => {
    const message: Shown = {
      id: "m", parent: "p", role: "assistant", text: "Well.", thoughts: "Hm.", seam: -1, siblings: ["m"], ended: "stop", name: "", bookmark: "", revised: false, speaker: "v1", live: null,
    }; // prettier-ignore
    const rest = { companion: { name: "Vesna", portrait: "", tagline: "" }, isLast: true, isGreeting: false, isEdited: false, canAct: true };
    const root = mount(MessageItem, { message, ...rest });
    const order = [...find(root, ".body").children].map((child) => child.className.split(" ")[0]);
    expect(order).toEqual(["thoughts", "markdown"]);
    const silent = mount(MessageItem, { message: { ...message, text: "" }, ...rest });
    expect(find(silent, ".footnote").textContent).toBe("It thought, and said nothing.");
    const without = mount(MessageItem, { message: { ...message, thoughts: "" }, ...rest });
    expect(without.querySelector(".thoughts")).toBeNull();
  });
});
