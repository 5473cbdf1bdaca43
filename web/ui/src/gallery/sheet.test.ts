// @vitest-environment jsdom
// DOMPurify does not hold in happy-dom, see markdown/render.test.ts.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { nextTick } from "vue";
import { NO_CHOICES } from "../choices/settings";
import { NOBODY } from "../personas/usePersonas";
import { useSession } from "../session/useSession";
import { find, mount } from "../testing/mount";
import type { Character, CharacterChoices, CharacterDetails, Persona } from "../wire/protocol";
import CharacterSheet from "./CharacterSheet.vue";
import { markdownOf, noteFor } from "./notes";

const VESNA: Character = {
  id: "c1", version: "v1", name: "Vesna", tagline: "A line.", description: "", tags: [], portrait: "", greeting: "",
  thumb: "", mine: false, shared: true, favourite: false, created_ms: 0, language: "",
}; // prettier-ignore

let details: CharacterDetails;
let personas: Persona[] = [];
let choices: CharacterChoices;

const persona = (id: string, name: string): Persona => ({ id, name, description: "", portrait: "", thumb: "", standard: false });

beforeEach(() => {
  personas = [];
  choices = { character: NO_CHOICES, everywhere: NO_CHOICES };
  details = {
    character: VESNA, greetings: [], creator: "a maker", creator_notes: "", character_version: "", lore_entries: 0,
    creator_notes_multilingual: [], nickname: "", system_prompt: "", post_history_instructions: "",
  }; // prettier-ignore
  HTMLDialogElement.prototype.showModal = vi.fn();
  HTMLDialogElement.prototype.close = vi.fn();
  vi.stubGlobal("fetch", (path: string) => {
    const answer =
      path === "/api/personas" ? personas
      : path === "/api/characters/c1/choices" ? choices
      : path.startsWith("/api/characters/versions/") ? details
      : []; // prettier-ignore
    return Promise.resolve(new Response(JSON.stringify(answer)));
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

async function shown(until: string): Promise<void> {
  mount(CharacterSheet, { character: VESNA, isBeginning: false, trouble: "" });
  await vi.waitFor(() => find(document, until), 5_000);
}

describe("the author's notes", () => {
  test("stand in the sheet, and nothing in them is active", async () => {
    details.creator_notes = "For *long* evenings.\n\n<img src=x onerror=alert(1)>![x](https://e.example/x.png)[click](javascript:alert(1))";
    details.character_version = "1.4";
    await shown(".notes em");
    expect(find(document, ".notes").textContent).toMatch(/^From the author\s*For long evenings\./);
    expect(document.querySelectorAll(".notes :is(img, a, button, script)")).toHaveLength(0);
    expect(find(document, ".facts").textContent).toBe("by a maker · version 1.4");
  });

  test("are folded where they are long, and unfold", async () => {
    details.creator_notes = "A long line of notes.\n\n".repeat(40);
    await shown(".notes .markdown p");
    expect(document.querySelectorAll(".notes .folded")).toHaveLength(1);
    const button = find(document, ".notes button");
    expect(button.getAttribute("aria-expanded")).toBe("false");
    button.click();
    await nextTick();
    expect([document.querySelectorAll(".notes .folded").length, button.getAttribute("aria-expanded")]).toEqual([0, "true"]);
  });

  test("are not said twice where the line under the name has them", async () => {
    details.creator_notes = VESNA.tagline;
    await shown(".facts");
    expect(document.querySelector(".notes")).toBeNull();
  });

  test("are in the reader's language where the author knows it", () => {
    const notes = { creator_notes: "English.", creator_notes_multilingual: [{ language: "ru-RU", text: "По-русски." }] };
    expect([noteFor(notes, "ru"), noteFor(notes, "en")]).toEqual(["По-русски.", "English."]);
    expect(noteFor({ ...notes, creator_notes: " " }, "en")).toBe("По-русски.");
  });

  test.each([
    ["<style>p { color: red }</style><center><h1>Vesna</h1><p>She <b>waits</b>.<br>Still.</p></center>", "Vesna\nShe waits.\nStill."],
    ["<STYLE>\n* {}", ""],
    ["2 < 3 > 1, <3 and <https://example.org/a>", "2 < 3 > 1, <3 and <https://example.org/a>"],
    ["<div>\n      <p>Deep</p>\n\n\n\n</div>end", "Deep\n\nend"],
    ["- a\n    - b", "- a\n    - b"],
  ])("keep the words of HTML: %j", (text, expected) => {
    expect(markdownOf(text)).toBe(expected);
  });

  test("of any make take no time", () => {
    const began = performance.now();
    for (const piece of ["<style>", "<", "![", "<a ", "\n ", "</p"]) markdownOf(piece.repeat(100_000));
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe("what is chosen for a character", () => {
  const line = (): string => find(document, ".chosen .now").textContent;

  test("is named in the sheet, and opens from there", async () => {
    choices = { character: { ...NO_CHOICES, own_instructions_win: true, replies: {} }, everywhere: NO_CHOICES };
    await shown(".chosen");
    expect(line()).toBe("Instructions · Replies");
    find(document, ".chosen").click();
    await vi.waitFor(() => find(document, "#tab-note"), 5_000);
    find(document, "#tab-note").click();
    const text = await vi.waitFor(() => find<HTMLTextAreaElement>(document, "#note-text"), 5_000);
    text.value = "Rain.";
    text.dispatchEvent(new Event("change"));
    const close = [...document.querySelectorAll<HTMLButtonElement>("dialog header button")].at(-1);
    close?.click();
    await nextTick();
    expect(document.querySelector("#tab-note")).toBeNull();
    expect(line()).toBe("Note · Instructions · Replies");
  });

  test("is as everywhere where nothing is", async () => {
    await shown(".chosen");
    expect(line()).toBe("as everywhere");
  });
});

describe("the greeting", () => {
  const greeting = (): string => find(document, ".greeting blockquote").textContent.trim();

  beforeEach(() => {
    details.greetings = ["I am {{char}}, <CHAR> and <BOT>; you are {{user}}, <USER>."];
    details.nickname = "Vee";
    personas = [persona("p1", "Mira"), persona("p2", "Otto")];
    choices = { character: { ...NO_CHOICES, persona: "gone" }, everywhere: { ...NO_CHOICES, persona: "p2" } };
  });

  test("is shown when its macros have become words, and at once where it has none", async () => {
    mount(CharacterSheet, { character: { ...VESNA, greeting: "Sit down, {{user}}." }, isBeginning: false, trouble: "" });
    expect(greeting()).toContain("Sit down");
    mount(CharacterSheet, { character: { ...VESNA, greeting: "{{random:tea,milk}}?" }, isBeginning: false, trouble: "" });
    expect(document.querySelectorAll(".greeting")).toHaveLength(1);
    await vi.waitFor(() => {
      expect(document.querySelectorAll(".greeting")).toHaveLength(2);
    });
  });

  test("has the card's nickname, and the persona that is usual", async () => {
    await shown(".persona");
    await vi.waitFor(() => {
      expect(greeting()).toBe("I am Vee, Vee and Vee; you are Otto, Otto.");
    });
  });

  test("has the persona that is chosen below it", async () => {
    await shown(".persona");
    useSession().me = { version: "", setup_needed: false, code_needed: false, user: "u1", user_name: "Anna", role: "user" };
    const select = find<HTMLSelectElement>(document, ".persona select");
    const choose = async (id: string): Promise<string> => {
      select.value = id;
      select.dispatchEvent(new Event("change"));
      await nextTick();
      return greeting();
    };
    expect(await choose("p1")).toContain("you are Mira, Mira.");
    expect(await choose(NOBODY)).toContain("you are Anna, Anna.");
    expect(await choose("")).toContain("you are Otto, Otto.");
  });
});
