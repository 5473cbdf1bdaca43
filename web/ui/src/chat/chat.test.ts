import { beforeEach, describe, expect, test, vi } from "vitest";
import { nextTick, ref } from "vue";
import { find, mount } from "../testing/mount";
import type { Live, Shown } from "../wire/conversation";
import MessageActions from "./MessageActions.vue";
import MessageComposer from "./MessageComposer.vue";
import MessageEditor from "./MessageEditor.vue";
import ReplyProgress from "./ReplyProgress.vue";
import UnsentMessage from "./UnsentMessage.vue";
import { forgetDrafts } from "./useDraft";

const companion = { name: "Vesna", portrait: "", tagline: "" };
const reply: Shown = { id: "b", parent: "p", role: "assistant", text: "Well.", thoughts: "", seam: -1, siblings: ["a", "b", "c"], ended: "", name: "", bookmark: "", revised: false, speaker: "v1", live: null };
const streaming: Live = {
  generation: "g", message: "m", kind: "reply", parent: "p", siblings: ["m"], state: "streaming", text: "", thoughts: "", continues: "",
  continuesThoughts: "", seam: -1, nextSeq: 0, place: 0, waiting: 0, waitSeconds: -1, progress: -1, speaker: "v1", roundLeft: 0,
}; // prettier-ignore

beforeEach(() => {
  localStorage.clear();
});

function type(box: HTMLTextAreaElement | HTMLInputElement, value: string): Promise<void> {
  box.value = value;
  box.dispatchEvent(new Event("input"));
  return nextTick();
}

const press = (target: Element, key: string, more: KeyboardEventInit = {}): boolean =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));

describe("the message box", () => {
  function composer(more: { live?: Live | null; canSend?: boolean } = {}) {
    const onSend = vi.fn<(text: string) => void>();
    const stop = vi.fn();
    const chat = {
      live: ref(more.live ?? null),
      canSend: ref(more.canSend ?? true),
      canAct: ref(true),
      state: ref({ suggestion: null }),
      companion: ref(companion),
      isGroup: ref(false),
      isStopping: ref(false),
      stop,
    };
    const root = mount(MessageComposer, { id: "c1", chat, onSend });
    return { root, onSend, stop, box: find<HTMLTextAreaElement>(root, "textarea") };
  }

  test("sends with Enter, trimmed, and is empty then", async () => {
    const { box, onSend } = composer();
    await type(box, "  Hello \n");
    press(box, "Enter");
    await nextTick();
    expect(onSend).toHaveBeenCalledWith("Hello");
    expect(box.value).toBe("");
  });

  test("makes a new line with Shift and Enter", async () => {
    const { box, onSend } = composer();
    await type(box, "Hello");
    expect(press(box, "Enter", { shiftKey: true })).toBe(true);
    expect(onSend).not.toHaveBeenCalled();
  });

  test("leaves Enter to a word that is being composed", async () => {
    const { box, onSend } = composer();
    await type(box, "こん");
    press(box, "Enter", { isComposing: true });
    expect(onSend).not.toHaveBeenCalled();
  });

  test("sends neither nothing nor into a reply that is being written", async () => {
    const empty = composer();
    await type(empty.box, "   ");
    press(empty.box, "Enter");
    expect(empty.onSend).not.toHaveBeenCalled();
    const busy = composer({ live: streaming, canSend: false });
    await type(busy.box, "Hello");
    press(busy.box, "Enter");
    expect(busy.onSend).not.toHaveBeenCalled();
    expect(busy.box.value).toBe("Hello");
  });

  test("turns its button into one that stops the reply", () => {
    const { root, stop } = composer({ live: streaming });
    find(root, "button.stop").click();
    expect(stop).toHaveBeenCalledOnce();
  });

  test("keeps a draft for each conversation", async () => {
    await type(composer().box, "Half a thought");
    expect(composer().box.value).toBe("Half a thought");
    forgetDrafts("c1");
    expect(composer().box.value).toBe("");
  });
});

describe("the versions of a reply", () => {
  function actions(more: Record<string, unknown> = {}) {
    const heard = { onStep: vi.fn(), onNext: vi.fn(), onRegenerate: vi.fn() };
    const props = { message: reply, isLast: true, isMine: false, isGreeting: false, canAct: true, ...heard, ...more };
    const root = mount(MessageActions, props);
    const button = (label: string) => root.querySelector<HTMLButtonElement>(`button[aria-label="${label}"]`);
    return { root, button, ...heard };
  }

  test("are counted, and one steps to and fro", () => {
    const { root, button, onStep, onNext } = actions();
    expect(root.textContent).toContain("2/3");
    button("Previous version")?.click();
    button("Next version")?.click();
    expect(onStep).toHaveBeenCalledWith(-1);
    expect(onNext).toHaveBeenCalledOnce();
  });

  test("end at the first one", () => {
    expect(actions({ message: { ...reply, id: "a" } }).button("Previous version")?.disabled).toBe(true);
  });

  test("go on behind the newest one with a new reply, but not for a greeting", () => {
    const newest = { ...reply, id: "c" };
    expect(actions({ message: newest }).button("Next version")?.disabled).toBe(false);
    expect(actions({ message: newest, isGreeting: true }).button("Next version")?.disabled).toBe(true);
    expect(actions({ message: newest, isLast: false }).button("Next version")?.disabled).toBe(true);
  });

  test("rest while nothing can be asked for", () => {
    const { button } = actions({ canAct: false });
    for (const label of ["Previous version", "Next version", "Write another reply", "Let it go on", "Edit"]) {
      expect(button(label)?.disabled, label).toBe(true);
    }
    expect(button("Copy")?.disabled).toBe(false);
  });

  test("of a person's own message have no reply to write again", () => {
    expect(actions({ isMine: true }).button("Write another reply")).toBeNull();
  });
});

describe("the editor of a message", () => {
  function editor() {
    const heard = { onSave: vi.fn(), onCancel: vi.fn() };
    const root = mount(MessageEditor, { text: "Old", isMine: true, name: "Vesna", ...heard });
    return { root, box: find<HTMLTextAreaElement>(root, "textarea"), form: find(root, "form"), ...heard };
  }

  test("gives the new text", async () => {
    const { box, form, onSave } = editor();
    await type(box, " New ");
    form.dispatchEvent(new Event("submit"));
    expect(onSave).toHaveBeenCalledWith("New", false);
  });

  test("makes no version of what was not changed", () => {
    const { form, onSave, onCancel } = editor();
    form.dispatchEvent(new Event("submit"));
    expect(onSave).not.toHaveBeenCalled();
    expect(onCancel).toHaveBeenCalledOnce();
  });

  test("is left with Escape", () => {
    const { box, onCancel } = editor();
    press(box, "Escape");
    expect(onCancel).toHaveBeenCalledOnce();
  });
});

describe("a reply of which there is no word yet", () => {
  test.each([
    [{ state: "queued", place: 0 }, "In line"],
    [{ state: "queued", place: 1, waiting: 2 }, "Next in line"],
    [{ state: "queued", place: 3, waiting: 5, waitSeconds: 62 }, "3rd of 5 in line · about 60 seconds"],
    [{ state: "leased", progress: 0.4 }, "Reading the conversation"],
    [{ state: "leased" }, "Thinking"],
    [{ state: "streaming" }, "Thinking"],
    [{ state: "streaming", text: "Well" }, ""],
    [{ state: "streaming", thoughts: "Hm" }, ""],
    [{ state: "queued", thoughts: "Hm" }, "The computer that writes is away. The reply goes on where it stopped when it is back."],
    [{ state: "suspended" }, "The computer that writes is away. The reply goes on where it stopped when it is back."],
    [{ state: "queued", text: "Well" }, "The computer that writes is away. The reply goes on where it stopped when it is back."],
  ] as [Partial<Live>, string][])("says what it waits for: %j", (more, expected) => {
    expect(mount(ReplyProgress, { live: { ...streaming, ...more } }).textContent).toBe(expected);
  });
});

describe("a message that is not sent", () => {
  test("says that it is kept", () => {
    expect(mount(UnsentMessage, { message: { text: "Hi", sent: false, refusal: "" } }).textContent).toContain("Kept here");
  });

  test("that was refused can be sent again or taken back", () => {
    const heard = { onAgain: vi.fn(), onTakeBack: vi.fn() };
    const root = mount(UnsentMessage, { message: { text: "Hi", sent: false, refusal: "Too long." }, ...heard });
    expect(root.textContent).toContain("Not sent. Too long.");
    for (const button of root.querySelectorAll("button")) button.click();
    expect(heard.onAgain).toHaveBeenCalledOnce();
    expect(heard.onTakeBack).toHaveBeenCalledOnce();
  });
});
