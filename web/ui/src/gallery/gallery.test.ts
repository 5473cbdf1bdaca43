import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defineComponent, h, nextTick } from "vue";
import { useRouter, type Router } from "vue-router";
import { NO_CHOICES } from "../choices/settings";
import SearchDialog from "../search/SearchDialog.vue";
import { useSearch } from "../search/useSearch";
import { find, mount } from "../testing/mount";
import type { Character } from "../wire/protocol";
import { useCharacters } from "./useCharacters";
import { useImport } from "./useImport";
import GalleryScreen from "./GalleryScreen.vue";

const someone = (name: string): Character => ({
  id: `id-${name}`, version: `version-${name}`, name, tagline: "", description: "", tags: [], portrait: "", greeting: "",
  thumb: "", mine: true, shared: false, favourite: false, created_ms: 0, language: "",
}); // prettier-ignore

const brought: string[] = [];
const ALL = [someone("Mara"), someone("Oleg")];

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((done) => setTimeout(done));
    await nextTick();
  }
};

/** The gallery with its characters; the router it stands in. */
async function shown(): Promise<Router> {
  const found: Router[] = [];
  const page = defineComponent(() => {
    found.push(useRouter());
    const search = useSearch();
    return () => [h(GalleryScreen), search.isOpen ? h(SearchDialog) : null];
  });
  mount(page);
  await useCharacters().load();
  await settled();
  const [router] = found;
  if (!router) throw new Error("no router");
  return router;
}

beforeEach(() => {
  HTMLDialogElement.prototype.showModal = vi.fn();
  brought.length = 0;
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    if (path === "/api/characters/import") {
      const file = init.body as File;
      brought.push(await file.text());
      return new Response(JSON.stringify({ files: [{ name: file.name, status: "known", warnings: [], character_name: "", facts: [] }] }));
    }
    const answer =
      path === "/api/characters" ? ALL
      : path.startsWith("/api/search") ? { conversations: [], messages: 0, more: false, waiting: 0 }
      : path.endsWith("/choices") ? { character: NO_CHOICES, everywhere: NO_CHOICES }
      : path.startsWith("/api/characters/versions/") ? { character: ALL[0], greetings: [], creator: "", creator_notes: "", character_version: "", lore_entries: 0, creator_notes_multilingual: [], nickname: "", system_prompt: "", post_history_instructions: "" }
      : []; // prettier-ignore
    return new Response(JSON.stringify(answer));
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const paste = (into: EventTarget, text: string): Event => {
  const event = new Event("paste", { bubbles: true, cancelable: true });
  into.dispatchEvent(Object.assign(event, { clipboardData: { files: [], getData: () => text } }));
  return event;
};

describe("a text that is pasted", () => {
  const card = ' {"spec": "chara_card_v2", "data": {}}\n';
  const names = (): string[] => useImport().reports.map((one) => one.name);

  test("comes in as a card where it is JSON", async () => {
    await shown();
    expect(paste(document.body, "Just words {").defaultPrevented).toBe(false);
    expect(paste(document.body, card).defaultPrevented).toBe(true);
    await settled();
    expect(brought).toEqual([card.trim()]);
    expect(names()).toEqual(["pasted text.json"]);
  });

  test("stays a text where it is pasted into a field", async () => {
    await shown();
    const field = find<HTMLInputElement>(document, "input[type=search]");
    expect(paste(field, card).defaultPrevented).toBe(false);
    field.focus();
    expect(paste(document.body, card).defaultPrevented).toBe(false);
    await settled();
    expect([names(), brought]).toEqual([[], []]);
  });
});

const sheet = (): string => document.querySelector("dialog .name")?.textContent ?? "";

describe("a character that the address names", () => {
  test("has its sheet open, and another one after it", async () => {
    const router = await shown();
    expect(sheet()).toBe("");
    await router.push({ name: "gallery", query: { character: "id-Oleg" } });
    await settled();
    expect(sheet()).toBe("Oleg");
    await router.push({ name: "gallery", query: { character: "id-Mara" } });
    await settled();
    expect(sheet()).toBe("Mara");
  });

  test("is what the search leads to", async () => {
    await shown();
    const search = useSearch();
    search.open();
    search.text = "Oleg";
    await settled();
    find(document, "li.character").click();
    await settled();
    expect(sheet()).toBe("Oleg");
  });

  test("is named no more when the sheet is closed, and can be named again", async () => {
    const router = await shown();
    await router.push({ name: "gallery", query: { character: "id-Oleg" } });
    await settled();
    find(document, "dialog header button").click();
    await settled();
    expect([sheet(), router.currentRoute.value.fullPath]).toEqual(["", "/"]);
    await router.push({ name: "gallery", query: { character: "id-Oleg" } });
    await settled();
    expect(sheet()).toBe("Oleg");
  });

  test("goes with a step back", async () => {
    const router = await shown();
    await router.push({ name: "gallery", query: { character: "id-Oleg" } });
    await settled();
    router.back();
    await settled();
    expect(sheet()).toBe("");
  });
});
