import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { h, nextTick, shallowRef } from "vue";
import { find, mount } from "../testing/mount";
import type { LoreTrialResult } from "../wire/protocol";
import { added, bookOf, duplicated, estimatedTokens, found, keysOf, moved, numbered, removed, titleOf, type Book, type Entry } from "./book";
import { decoratorsOf } from "./decorators";
import { FOLDS, isSet, placeInPrompt, valueOf, withPlace, withValue, type Field } from "./fields";
import { filterOf, withFilter } from "./filter";
import LorebookEditor from "./LorebookEditor.vue";
import { hasPatterns } from "./trial";
import { useLorebooks } from "./useLorebooks";

const field = (name: string): Field => {
  const all: readonly Field[] = Object.values(FOLDS).flat();
  const one = all.find((each) => each.name === name);
  if (!one) throw new Error(name);
  return one;
};
const BOOK = bookOf({
  name: "Tea",
  unknown: [1],
  entries: [
    { id: 4, keys: ["tea", "чай"], content: "Hot.", name: "Tea" },
    { id: 2, keys: ["milk"], content: "White.", enabled: false },
    "no entry",
    { keys: "cup, saucer", content: "Round.", comment: "Crockery" },
  ],
});

describe("a book that is edited", () => {
  test("has its entries, and keeps what the editor does not know", () => {
    expect(BOOK.entries).toHaveLength(3);
    expect(BOOK["unknown"]).toEqual([1]);
    expect(bookOf(null).entries).toEqual([]);
  });

  test("calls its entries by name, comment, or keys", () => {
    expect(BOOK.entries.map(titleOf)).toEqual(["Tea", "milk", "Crockery"]);
    expect(keysOf(BOOK.entries[2] ?? {})).toEqual(["cup", "saucer"]);
    expect(titleOf({ content: "  It\n rains. " })).toBe("It rains.");
  });

  test("is another after each change, the one before stays", () => {
    expect(moved(BOOK, 0, 2).entries.map(titleOf)).toEqual(["milk", "Crockery", "Tea"]);
    expect(moved(BOOK, 0, -1)).toBe(BOOK);
    expect(removed(BOOK, 1).entries.map(titleOf)).toEqual(["Tea", "Crockery"]);
    expect(duplicated(BOOK, 0).entries[1]).toMatchObject({ id: 5, name: "Tea" });
    expect(added(BOOK).entries[3]).toMatchObject({ id: 5, keys: [], enabled: true });
    expect(numbered(BOOK).entries.map((entry) => entry["insertion_order"])).toEqual([10, 20, 30]);
    expect(BOOK.entries).toHaveLength(3);
  });

  test("is searched in titles, keys and texts, whatever case and accents", () => {
    expect(found(BOOK, "ЧАЙ")).toEqual([0]);
    expect(found(BOOK, "round CUP")).toEqual([2]);
    expect(found(BOOK, " ")).toEqual([0, 1, 2]);
    expect(found(BOOK, "coffee")).toEqual([]);
  });

  test("is fast with a thousand entries", () => {
    const large: Book = { entries: Array.from({ length: 1000 }, (_, n) => ({ keys: [`key ${String(n)}`], content: "x".repeat(400) })) };
    expect(found(large, "key 777")).toEqual([777]);
  });
});

describe("fields of an entry", () => {
  test("are read in both spellings, and written where they stood", () => {
    const world: Entry = { extensions: { excludeRecursion: true, other: 1 } };
    expect(valueOf(world, field("exclude_recursion"))).toBe(true);
    expect(withValue(world, field("exclude_recursion"), false).extensions).toEqual({ excludeRecursion: false, other: 1 });
    expect(withValue(world, field("sticky"), 3).extensions).toEqual({ excludeRecursion: true, other: 1, sticky: 3 });
    expect(withValue({ sticky: 2, extensions: {} }, field("sticky"), undefined)).toEqual({ extensions: {} });
    expect(withValue({}, field("priority"), 7)).toEqual({ priority: 7 });
  });

  test("say for which characters it is, in both spellings, and keep what others say there", () => {
    const said = { isExclude: true, names: ["Nadia", " "], tags: [], other: 1 };
    const world: Entry = { extensions: { character_filter: said, more: 2 } };
    expect(filterOf(world)).toEqual({ names: ["Nadia"], tags: [], exclude: true });
    expect(withFilter(world, { names: [], tags: ["elf"], exclude: false }).extensions).toEqual({
      character_filter: { isExclude: false, names: [], tags: ["elf"], other: 1 },
      more: 2,
    });
    const fresh = withFilter({ extensions: {} }, { names: ["A, B"], tags: [], exclude: false });
    expect(fresh.extensions).toEqual({ characterFilter: { isExclude: false, names: ["A, B"], tags: [] } });
    expect(withFilter(fresh, { names: [], tags: [], exclude: false }).extensions).toEqual({});
    expect(filterOf({ extensions: { characterFilter: "Nadia" } })).toEqual({ names: [], tags: [], exclude: false });
  });

  test("count as set only where they say something", () => {
    expect(isSet({ extensions: { probability: 100 } }, field("probability"))).toBe(false);
    expect(isSet({ extensions: { probability: 50 } }, field("probability"))).toBe(true);
    expect(isSet({ extensions: { match_scenario: false } }, field("match_scenario"))).toBe(false);
  });

  test("say a place as V3 and as SillyTavern have it", () => {
    expect(placeInPrompt({})).toBe("after_char");
    expect(placeInPrompt({ position: "before_char" })).toBe("before_char");
    expect(placeInPrompt({ position: "before_char", extensions: { position: 4 } })).toBe("at_depth");
    expect(withPlace({ extensions: {} }, "before_char")).toEqual({ position: "before_char", extensions: {} });
    expect(withPlace({ extensions: { position: 4 } }, "after_char")).toEqual({ position: "after_char", extensions: { position: 1 } });
    expect(withPlace({}, "outlet").extensions).toEqual({ position: 7 });
  });

  test("decorators are the lines at the beginning", () => {
    expect(decoratorsOf("@@depth 4\n@@@role user\n\nText @@no")).toEqual([
      { name: "depth", value: "4", isFallback: false },
      { name: "role", value: "user", isFallback: true },
    ]);
  });

  test("patterns are looked for where they may be", () => {
    expect(hasPatterns(BOOK)).toBe(false);
    expect(hasPatterns({ entries: [{ keys: ["/tea/i"] }] })).toBe(true);
    expect(hasPatterns({ entries: [{ keys: ["tea"], use_regex: true }] })).toBe(true);
    expect(hasPatterns({ entries: [{ keys: ["tea"], content: "@@exclude_keys a\nx" }] })).toBe(true);
  });

  test("tokens are estimated as the server estimates them", () => {
    expect(["", "tea", "Tea is hot.", "чай", "чай!"].map(estimatedTokens)).toEqual([0, 1, 3, 2, 3]);
  });
});

const RESULT: LoreTrialResult = {
  books: [{ name: "", lorebook: null, of_card: false, edited: true }],
  entries: [
    { book: 0, entry: 0, outcome: "fired", reason: "key", key: "tea", message: 0, spot: "after_char", depth: 0, role: "system", tokens: 2, title: "Tea" },
    { book: 0, entry: 1, outcome: "silent", reason: "disabled", key: "", message: -1, spot: "", depth: 0, role: "", tokens: 0, title: "milk" },
  ],
  troubles: [{ book: 0, entry: 0, field: "keys", key: "te(a", why: "missing )", slow: false }],
  lines: [], tokens: 2, budget: 1024,
}; // prettier-ignore

describe("the editor", () => {
  const asked: unknown[] = [];
  beforeEach(() => {
    asked.length = 0;
    vi.useFakeTimers();
    vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
      if (path === "/api/lore/trial") asked.push(JSON.parse(init.body as string));
      return Promise.resolve(new Response(JSON.stringify(path === "/api/lore/trial" ? RESULT : [])));
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  function editing(start: Book): { root: HTMLElement; book: () => Book } {
    const book = shallowRef(start);
    const root = mount({
      render: () => h(LorebookEditor, { book: book.value, onChange: (next: Book) => (book.value = next) }),
    });
    return { root, book: () => book.value };
  }

  const click = async (root: ParentNode, name: string): Promise<void> => {
    const button = [...root.querySelectorAll("button")].find((one) => `${one.getAttribute("aria-label") ?? ""} ${one.textContent}`.includes(name));
    if (!button) throw new Error(`no button ${name}`);
    button.click();
    await nextTick();
    await nextTick();
  };

  test("adds, changes, and takes away entries, the last with a way back", async () => {
    const { root, book } = editing(BOOK);
    await click(root, "New entry");
    expect(book().entries).toHaveLength(4);
    const content = find<HTMLTextAreaElement>(root, "textarea");
    content.value = "Sweet.";
    content.dispatchEvent(new Event("input"));
    await nextTick();
    expect(book().entries[3]?.content).toBe("Sweet.");
    await click(root, "Remove");
    expect(book().entries).toHaveLength(3);
    await click(root, "Undo");
    expect(book().entries[3]?.content).toBe("Sweet.");
  });

  test("tries the book a moment after the last letter, and marks what fires and what is wrong", async () => {
    const { root } = editing(BOOK);
    await click(root, "Would this fire?");
    const text = find<HTMLTextAreaElement>(root, "textarea");
    text.value = "Some tea?";
    text.dispatchEvent(new Event("input"));
    await nextTick();
    expect(asked).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toMatchObject([{ book: { name: "Tea" }, lines: [{ role: "user", text: "Some tea?" }] }]);
    expect(root.textContent).toContain("Fires: 1 entry");
    expect(root.textContent).toContain("on “tea”");
    expect(find(root, ".mark.fired")).toBeTruthy();
    await click(find(root, ".box"), "Tea");
    expect(root.textContent).toContain("“te(a” is no pattern: missing ).");
  });
});

describe("the shelf", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test("reports each file that is brought, and what went wrong", async () => {
    setActivePinia(createPinia());
    const answers = [
      new Response(JSON.stringify({ files: [{ name: "a.json", status: "imported", why: "", warnings: [], book: "1", book_name: "A" }] })),
      new Response(JSON.stringify({ code: "too_many", text: "no", limit: 0 }), { status: 429 }),
    ];
    vi.stubGlobal("fetch", () => Promise.resolve(answers.shift() ?? new Response("[]")));
    const lorebooks = useLorebooks();
    await lorebooks.bring([new File(["{}"], "a.json"), new File(["{}"], "b.json")]);
    expect(lorebooks.reports.map(({ name, status }) => [name, status])).toEqual([["a.json", "imported"], ["b.json", "refused"]]);
    expect(lorebooks.opening).toBe("");
  });
});
