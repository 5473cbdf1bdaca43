import { describe, expect, test } from "vitest";
import type { Conversation } from "../wire/protocol";
import { arranged, between, offsetsOf, tagsOf, type Look, type Row } from "./arrange";

const LOOK: Look = { order: "used", tag: "", closed: [] };
const FOLDERS = [
  { id: "f1", name: "Work" },
  { id: "f2", name: "Home" },
];

function conversation(id: string, more: Partial<Conversation> = {}): Conversation {
  return {
    id, title: id, character_name: "Vesna", portrait: "", updated_ms: 0, last_line: "", live: false, members: [],
    character: null, character_version: null, created_ms: 0, folder: null, pinned_ms: 0, archived_ms: 0, removed_ms: 0,
    tags: [], ...more,
  }; // prettier-ignore
}

const keys = (rows: readonly Row[]): string[] => rows.map((row) => (row.kind === "heading" ? `[${row.key} ${String(row.count)}]` : row.key));

describe("the list of conversations", () => {
  test("has no headings while nothing is ordered", () => {
    const list = [conversation("a", { updated_ms: 1 }), conversation("b", { updated_ms: 2 })];
    expect(keys(arranged(list, [], "all", LOOK))).toEqual(["b", "a"]);
  });

  test("shows pinned ones, folders, and the rest", () => {
    const list = [
      conversation("a", { folder: "f2" }),
      conversation("b", { pinned_ms: 5, folder: "f2" }),
      conversation("c"),
      conversation("d", { archived_ms: 1 }),
      conversation("e", { folder: "gone" }),
    ];
    const rows = arranged(list, FOLDERS, "all", { ...LOOK, closed: ["f2"] });
    expect(keys(rows)).toEqual(["[pinned 1]", "b", "[f1 0]", "[f2 1]", "[rest 2]", "c", "e"]);
    expect(keys(arranged(list, FOLDERS, "archive", LOOK))).toEqual(["d"]);
  });

  test("is ordered and narrowed", () => {
    const list = [conversation("b", { created_ms: 1, tags: ["tea"] }), conversation("a", { created_ms: 2, tags: ["jam", "tea"] })];
    expect(keys(arranged(list, [], "all", { ...LOOK, order: "title" }))).toEqual(["a", "b"]);
    expect(keys(arranged(list, [], "all", { ...LOOK, order: "made" }))).toEqual(["a", "b"]);
    expect(keys(arranged(list, [], "all", { ...LOOK, tag: "jam" }))).toEqual(["a"]);
    expect(tagsOf(list)).toEqual(["jam", "tea"]);
  });

  test("draws what is in sight alone", () => {
    const rows = arranged(Array.from({ length: 2_000 }, (_, n) => conversation(String(n))), [], "all", LOOK); // prettier-ignore
    const offsets = offsetsOf(rows, 60, 40);
    expect(offsets.at(-1)).toBe(120_000);
    expect(between(offsets, 60_030, 60_800)).toEqual([1_000, 1_014]);
    expect(between(offsets, -400, 500)).toEqual([0, 9]);
    expect(between(offsets, 119_990, 130_000)).toEqual([1_999, 2_000]);
    expect(between([0], 0, 800)).toEqual([0, 0]);
  });
});
