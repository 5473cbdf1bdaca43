import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { nextTick } from "vue";
import { find, mount } from "../testing/mount";
import type { Choices, ConversationChoices, Persona, Presets, ReplySettings } from "../wire/protocol";
import ChoicesDialog from "./ChoicesDialog.vue";
import { basis, inherited, isChanged, NO_CHOICES, valueOf, withSetting } from "./settings";
import type { Place } from "./useChoices";

const USUAL: ReplySettings = { temperature: 0.8, min_p: 0.05, max_tokens: 512, stop: [] };
const PRESETS: Presets = {
  usual: USUAL,
  presets: [
    { id: "precise", name: "precise", settings: { ...USUAL, temperature: 0.3 }, own: false },
    { id: "abc", name: "Dreamy", settings: { ...USUAL, temperature: 1.4 }, own: true },
  ],
};
const PERSONAS: Persona[] = [{ id: "p1", name: "Mira", description: "A smuggler.", portrait: "", thumb: "", standard: false }];

const told = (more: Partial<Record<"conversation" | "character" | "everywhere", Partial<Choices>>> = {}): ConversationChoices => ({
  conversation: { ...NO_CHOICES, ...more.conversation },
  character: { ...NO_CHOICES, ...more.character },
  everywhere: { ...NO_CHOICES, ...more.everywhere },
  character_id: "c9",
  character_name: "Vesna",
  own_name: "Anna",
  card_system_prompt: "Rhyme.",
  card_post_history: "",
});

/** Of what is told of a character, what the dialog reads. */
const CARD = { system_prompt: "Rhyme.", post_history_instructions: "" };
const VESNA: Place = { character: { id: "c9", version: "v9", name: "Vesna" } };

describe("settings of replies", () => {
  test("come from the nearest level behind that has any", () => {
    const all = told({ everywhere: { replies: { top_k: 7 } } });
    expect(inherited(all, "conversation")).toEqual({ from: "everywhere", settings: { top_k: 7 } });
    expect(inherited(all, "everywhere")).toEqual({ from: "usual", settings: {} });
    expect(inherited(told({ character: { replies: {} } }), "conversation").from).toBe("character");
  });

  test("are what is set, else what the preset has, else what is usual", () => {
    expect(valueOf("temperature", { preset: "precise", temperature: 0.5 }, PRESETS)).toBe(0.5);
    expect(valueOf("temperature", { preset: "precise" }, PRESETS)).toBe(0.3);
    expect(valueOf("temperature", {}, PRESETS)).toBe(0.8);
    expect(basis({ preset: "gone" }, PRESETS)).toBe(USUAL);
  });

  test("can be set one by one, and set back", () => {
    const changed = withSetting({ preset: "precise" }, "top_k", 7);
    expect(changed).toEqual({ preset: "precise", top_k: 7 });
    expect(isChanged("top_k", changed)).toBe(true);
    expect(withSetting(changed, "top_k", null)).toEqual({ preset: "precise" });
  });
});

describe("the dialog of choices", () => {
  let answer = told();
  const asked: [string, unknown][] = [];

  beforeEach(() => {
    setActivePinia(createPinia());
    answer = told();
    asked.length = 0;
    vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
      if (init.method !== "GET") asked.push([`${init.method ?? ""} ${path}`, JSON.parse(init.body as string)]);
      const told =
        path === "/api/presets" ? PRESETS
        : path === "/api/personas" ? PERSONAS
        : path.startsWith("/api/characters/versions/v9?") ? CARD
        : answer; // prettier-ignore
      return Promise.resolve(new Response(init.method === "PUT" ? "" : JSON.stringify(told)));
    });
    HTMLDialogElement.prototype.showModal = vi.fn();
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 12; turn += 1) await nextTick();
    await new Promise((done) => setTimeout(done));
    await nextTick();
  };

  async function shown(tab = "", place: Place = { conversation: "c1" }): Promise<HTMLElement> {
    mount(ChoicesDialog, { place, persona: null });
    await settled();
    if (tab !== "") {
      find(document, `#tab-${tab}`).click();
      await settled();
    }
    return find(document, "dialog");
  }

  async function change(field: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement, value: string): Promise<void> {
    field.value = value;
    field.dispatchEvent(new Event("change"));
    await settled();
  }

  test("lets one choose who one is", async () => {
    const dialog = await shown();
    expect(dialog.textContent).toContain("A smuggler.");
    const radio = find<HTMLInputElement>(dialog, "input[value=p1]");
    radio.checked = true;
    radio.dispatchEvent(new Event("change"));
    await settled();
    expect(asked).toEqual([["PUT /api/conversations/c1/choices", { ...NO_CHOICES, persona: "p1" }]]);
    expect(dialog.textContent).toContain("Saved");
  });

  test("makes a persona the usual one with a character", async () => {
    answer = told({ conversation: { persona: "p1" } });
    const dialog = await shown();
    find<HTMLInputElement>(dialog, "input[type=checkbox]").click();
    await settled();
    expect(asked).toEqual([["PUT /api/characters/c9/choices", { ...NO_CHOICES, persona: "p1" }]]);
  });

  test("keeps an author's note, and leaves alone what is no number", async () => {
    const dialog = await shown("note");
    await change(find(dialog, "#note-text"), "Rain.");
    await change(find(dialog, "#note-depth"), "2");
    await change(find(dialog, "#note-every"), "-3");
    const notes = asked.map(([, body]) => (body as Choices).note);
    expect(notes).toEqual([
      { text: "Rain.", depth: 4, role: "system", every: 1 },
      { text: "Rain.", depth: 2, role: "system", every: 1 },
      { text: "Rain.", depth: 2, role: "system", every: 1 },
    ]);
  });

  test("says that the card brings instructions, and lets one's own win", async () => {
    const dialog = await shown("instructions");
    expect(dialog.textContent).toContain("Vesna brings instructions");
    find<HTMLInputElement>(dialog, "input[type=checkbox]").click();
    await settled();
    expect(asked[0]?.[1]).toEqual({ ...NO_CHOICES, own_instructions_win: true });
  });

  test("changes one setting of replies and sets it back to what is behind", async () => {
    answer = told({ everywhere: { replies: { preset: "precise" } } });
    const dialog = await shown("replies");
    expect(dialog.textContent).toContain("replies are made as everywhere");
    expect(find<HTMLSelectElement>(dialog, "#preset").value).toBe("precise");
    await change(find(dialog, "input[aria-label=Temperature]"), "0.6");
    expect(asked.at(-1)?.[1]).toEqual({ ...NO_CHOICES, replies: { preset: "precise", temperature: 0.6 } });
    [...dialog.querySelectorAll("button")].find((button) => button.textContent.trim() === "Reset")?.click();
    await settled();
    expect(asked.at(-1)?.[1]).toEqual(NO_CHOICES);
  });

  test("changes settings for everything", async () => {
    const dialog = await shown("replies");
    const everywhere = find<HTMLInputElement>(dialog, "input[value=everywhere]");
    everywhere.click();
    await settled();
    await change(find(dialog, "#preset"), "abc");
    expect(asked).toEqual([["PUT /api/choices", { ...NO_CHOICES, replies: { preset: "abc" } }]]);
  });

  test("says of a note from farther away where it is from, and sets one's own back to it", async () => {
    answer = told({ character: { note: { text: "Fog.", depth: 1, role: "system", every: 1 } } });
    const dialog = await shown("note");
    expect(dialog.textContent).toContain("Nothing is chosen here: it is as with this character.");
    await change(find(dialog, "#note-text"), "Rain.");
    expect(dialog.textContent).toContain("Chosen here.");
    find(dialog, ".farther button").click();
    await settled();
    expect(asked.at(-1)).toEqual(["PUT /api/conversations/c1/choices", NO_CHOICES]);
    expect(find<HTMLTextAreaElement>(dialog, "#note-text").value).toBe("Fog.");
  });

  test("of a character is for all conversations with it", async () => {
    answer = told({ everywhere: { persona: "p1" } });
    const dialog = await shown("", VESNA);
    expect(dialog.textContent).toContain("All conversations with Vesna");
    expect(find<HTMLInputElement>(dialog, "input[name=persona]:checked").value).toBe("");
    expect(dialog.textContent).toContain("now: Mira");
    expect(dialog.querySelector("input[type=checkbox]")).toBeNull();
    find(dialog, "input[value=p1]").dispatchEvent(new Event("change"));
    find(dialog, "input[name=persona]").dispatchEvent(new Event("change"));
    await settled();
    find(dialog, "#tab-note").click();
    await settled();
    await change(find(dialog, "#note-text"), "Rain.");
    expect(asked.map(([what]) => what)).toEqual(Array(3).fill("PUT /api/characters/c9/choices"));
    const changes = asked.map(([, body]) => body as Choices);
    expect(changes.map((one) => one.persona)).toEqual(["p1", null, null]);
    expect(changes[2]?.note?.text).toBe("Rain.");
  });

  test("of a character has its card's instructions and two scopes of settings", async () => {
    const dialog = await shown("instructions", VESNA);
    expect(dialog.textContent).toContain("Vesna brings instructions");
    expect(dialog.textContent).toContain("Rhyme.");
    await change(find(dialog, "#system-prompt"), "Sing.");
    find(dialog, "#tab-replies").click();
    await settled();
    const scopes = [...dialog.querySelectorAll<HTMLInputElement>("input[name=scope]")].map((one) => [one.value, one.checked]);
    expect(scopes).toEqual([["character", true], ["everywhere", false]]);
    await change(find(dialog, "#preset"), "abc");
    expect(asked).toEqual([
      ["PUT /api/characters/c9/choices", { ...NO_CHOICES, system_prompt: "Sing." }],
      ["PUT /api/characters/c9/choices", { ...NO_CHOICES, system_prompt: "Sing.", replies: { preset: "abc" } }],
    ]);
  });

  test("is steered by the arrow keys", async () => {
    const dialog = await shown();
    const list = find(dialog, "[role=tablist]");
    list.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", cancelable: true }));
    await settled();
    expect(find(dialog, "[aria-selected=true]").id).toBe("tab-replies");
  });
});
