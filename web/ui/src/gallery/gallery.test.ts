import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defineComponent, h, nextTick } from "vue";
import { useRouter, type Router } from "vue-router";
import SearchDialog from "../search/SearchDialog.vue";
import { useSearch } from "../search/useSearch";
import { find, mount } from "../testing/mount";
import type { Character } from "../wire/protocol";
import { useCharacters } from "./useCharacters";
import GalleryScreen from "./GalleryScreen.vue";

const someone = (name: string): Character => ({
  id: `id-${name}`, version: `version-${name}`, name, tagline: "", description: "", tags: [], portrait: "", greeting: "",
  thumb: "", mine: true, shared: false, favourite: false, created_ms: 0, language: "",
}); // prettier-ignore

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
  vi.stubGlobal("fetch", (path: string) => {
    const answer =
      path === "/api/characters" ? ALL
      : path.startsWith("/api/search") ? { conversations: [], messages: 0, more: false, waiting: 0 }
      : path.startsWith("/api/characters/versions/") ? { character: ALL[0], greetings: [], creator: "", creator_notes: "", character_version: "", lore_entries: 0, creator_notes_multilingual: [], nickname: "" }
      : []; // prettier-ignore
    return Promise.resolve(new Response(JSON.stringify(answer)));
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
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
