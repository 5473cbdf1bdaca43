// @vitest-environment jsdom
import { beforeEach, expect, test, vi } from "vitest";
import { nextTick } from "vue";
import { find, mount } from "../testing/mount";
import type { FoundThing, SearchResult } from "../wire/protocol";
import SearchDialog from "./SearchDialog.vue";
import { useSearch } from "./useSearch";

const thing = (kind: FoundThing["kind"], title: string[], beside: string): FoundThing => ({
  kind, id: "x1", title, pieces: ["Rain on the ", "harbour", "."], conversation: "c1", place: 0, beside, portrait: "",
}); // prettier-ignore
const FOUND: SearchResult = {
  conversations: [],
  messages: 0,
  more: false,
  waiting: 0,
  things: [thing("summary", [], "Evening"), thing("entry", ["The ", "harbour", ""], "The coast"), { ...thing("note", [], ""), id: "me" }],
  counts: [{ kind: "entry", count: 9 }],
};

beforeEach(() => {
  HTMLDialogElement.prototype.showModal = vi.fn();
  HTMLDialogElement.prototype.close = vi.fn();
  Element.prototype.scrollIntoView = vi.fn();
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(FOUND))));
});

test("what was found says what it is and what it belongs to, under the name of its kind", async () => {
  mount(SearchDialog);
  const root = document.body;
  const search = useSearch();
  search.text = "harbour";
  search.open();
  await vi.waitFor(() => {
    expect(search.result).not.toBeNull();
  });
  await nextTick();
  const groups = [...root.querySelectorAll("[role=group]")];
  expect(groups.map((group) => group.getAttribute("aria-label"))).toEqual(["Summaries", "Notes and instructions", "Lorebooks"]);
  expect(groups.map((group) => find(group, "[role=option]").textContent.replace(/\s+/g, " ").trim())).toEqual([
    "SummaryEveningRain on the harbour.",
    "Author’s notefor all conversationsRain on the harbour.",
    "The harbourThe coastRain on the harbour.",
  ]);
  expect(find(root, "[role=group]:last-child .name").textContent).toContain("1 of 9");
  expect(find(root, "[role=status]").textContent).toBe("3\u00a0places.");
  const input = find<HTMLInputElement>(root, "input");
  const chosen = (): string => find(root, "[aria-selected=true]").id;
  expect(input.getAttribute("aria-activedescendant")).toBe(chosen());
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp" }));
  await nextTick();
  expect(chosen()).toBe("found-entry-x1-0");
  expect(input.getAttribute("aria-activedescendant")).toBe(chosen());
});
