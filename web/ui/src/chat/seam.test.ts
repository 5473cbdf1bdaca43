import { describe, expect, test } from "vitest";
import { find, mount } from "../testing/mount";
import type { Shown } from "../wire/conversation";
import MessageItem from "./MessageItem.vue";
import { wordsBefore } from "./seam";

describe("the words before a place", () => {
  test.each([
    ["", 0, ""],
    ["Once.", 0, ""],
    ["Once, a ship.", 5, "Once,"],
    ["*Once*, **a ship** sailed", 18, "Once, a ship"],
    ["🫖 Чай? Да.", 6, "🫖 Чай?"],
    ["One.\n\nTwo\nthree", 9, "One. Two"],
    ["The keeper of the lighthouse lit the lamp and waited for the ship", 56, "lit the lamp and waited for"],
    ["x".repeat(300), 200, "x".repeat(30)],
  ])("of %j at %i are %j", (text, place, expected) => {
    expect(wordsBefore(text, place)).toBe(expected);
  });
});

describe("a message", () => {
  function shown(more: Partial<Shown>): HTMLElement {
    const message: Shown = {
      id: "m", parent: "p", role: "assistant", text: "Once, a ship.", thoughts: "", seam: -1, siblings: ["m"], ended: "stop", name: "", bookmark: "", revised: false, speaker: "v1", live: null, ...more,
    }; // prettier-ignore
    const rest = { companion: { name: "Vesna", portrait: "", tagline: "" }, isLast: true, isGreeting: false, isEdited: false, canAct: true };
    return mount(MessageItem, { message, ...rest });
  }

  test("that went on exactly says nothing of it", () => {
    expect(shown({}).querySelector("[role=note]")).toBeNull();
  });

  test("that was taken up and may differ says where, below its words", () => {
    const root = shown({ seam: 5 });
    const note = find(root, ".body > .markdown + [role=note]");
    expect(note.textContent).toContain("at “…Once,”.");
    expect(note.textContent).toContain("may differ");
  });

  test("that was taken up before its first word says so", () => {
    expect(find(shown({ seam: 0, thoughts: "Hm." }), "[role=note]").textContent).toContain("before its first word");
  });
});
