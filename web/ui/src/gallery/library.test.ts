import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Character, ImportedFile } from "../wire/protocol";
import { commonTags, selected } from "./selection";
import { useCharacters } from "./useCharacters";
import { useImport } from "./useImport";

const someone = (name: string, more: Partial<Character> = {}): Character => ({
  id: name, version: name, name, tagline: "", description: "", tags: [], portrait: "", greeting: "", thumb: "",
  mine: true, shared: false, favourite: false, created_ms: 0, language: "", ...more,
}); // prettier-ignore

const MARA = someone("Mara", { tags: ["Sea", "pirate"], tagline: "Once a captain", created_ms: 1 });
const ELENE = someone("Élène", { tags: ["tea"], description: "Keeps a shop of tea.", created_ms: 3 });
const OLEG = someone("Олег", { tags: ["sea", "tea"], favourite: true, created_ms: 2 });
const ALL = [MARA, ELENE, OLEG];
const names = (words: string, tag = "", order: "used" | "name" | "newest" = "name"): string[] =>
  selected(ALL, { words, tag, order }).map((character) => character.name);

describe("the gallery's selection", () => {
  test("looks for every word, in names, lines, tags and descriptions, whatever their case and accents", () => {
    expect(names("CAPTAIN sea")).toEqual(["Mara"]);
    expect(names("elene")).toEqual(["Élène"]);
    expect(names("ОЛЕГ")).toEqual(["Олег"]);
    expect(names("captain tea")).toEqual([]);
  });

  test("has one tag, however it is spelt, and three orders", () => {
    expect(names("", "sea", "newest")).toEqual(["Олег", "Mara"]);
    expect(names("", "", "used")[0]).toBe("Олег");
    expect(names("", "", "newest")).toEqual(["Élène", "Олег", "Mara"]);
  });

  test("offers the tags that most characters have", () => {
    expect(commonTags(ALL, 2)).toEqual(["Sea", "tea"]);
  });
});

const report = (name: string, status: ImportedFile["status"]): ImportedFile => ({
  name, status, why: "", warnings: [], character: name, version: name, character_name: name, code: "", facts: [],
}); // prettier-ignore

describe("bringing files", () => {
  const asked: string[] = [];
  let answers: Response[] = [];

  beforeEach(() => {
    setActivePinia(createPinia());
    vi.useFakeTimers();
    asked.length = 0;
    vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
      const name = new Headers(init.headers).get("X-File-Name");
      asked.push(`${init.method ?? ""} ${path} ${name ?? ""}`.trim());
      return Promise.resolve(answers.shift() ?? new Response("[]"));
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const answer = (file: ImportedFile): Response => new Response(JSON.stringify({ files: [file] }));
  const refusal = (status: number, code: string): Response =>
    new Response(JSON.stringify({ code, text: "No.", limit: 0 }), { status });

  test("one after the other, each with its report, and the gallery is fetched anew", async () => {
    answers = [answer(report("a.png", "imported")), refusal(413, "bad_request"), answer(report("c.json", "known"))];
    const coming = useImport();
    await coming.bring([new File(["a"], "a.png"), new File(["b"], "б.png"), new File(["c"], "c.json")]);
    expect(coming.reports.map((one) => [one.name, one.status])).toEqual([
      ["a.png", "imported"],
      ["б.png", "refused"],
      ["c.json", "known"],
    ]);
    expect(coming.reports.map((one) => one.why === "")).toEqual([true, false, true]);
    expect(asked).toEqual([
      "POST /api/characters/import a.png",
      "POST /api/characters/import %D0%B1.png",
      "POST /api/characters/import c.json",
      "GET /api/characters",
    ]);
    expect([coming.done, coming.all, coming.isRunning]).toEqual([3, 3, false]);
  });

  test("a server that is busy is asked again", async () => {
    answers = [refusal(503, "busy"), answer(report("a.png", "imported"))];
    const coming = useImport();
    const brought = coming.bring([new File(["a"], "a.png")]);
    await vi.advanceTimersByTimeAsync(2_100);
    await brought;
    expect(coming.reports.map((one) => one.status)).toEqual(["imported"]);
  });

  test("what waits is left when the report is closed", async () => {
    answers = [answer(report("a.png", "imported"))];
    const coming = useImport();
    const brought = coming.bring([new File(["a"], "a.png"), new File(["b"], "b.png")]);
    coming.close();
    await brought;
    expect(asked.filter((line) => line.startsWith("POST"))).toHaveLength(1);
    expect(coming.all).toBe(1);
  });

  test("a removed character comes back by undo", async () => {
    const characters = useCharacters();
    characters.list = [MARA, OLEG];
    answers = [new Response(null, { status: 204 })];
    await characters.remove(MARA);
    expect(characters.list).toEqual([OLEG]);
    answers = [new Response(null, { status: 204 }), new Response(JSON.stringify([MARA, OLEG]))];
    await characters.undo();
    expect(characters.list.map((one) => one.name)).toEqual(["Mara", "Олег"]);
    expect(characters.removed).toBeNull();
  });

  test("a favourite that the server refuses is none", async () => {
    const characters = useCharacters();
    characters.list = [MARA];
    answers = [refusal(503, "storage"), new Response(JSON.stringify([MARA]))];
    await expect(characters.change(MARA, { favourite: true })).rejects.toThrow("No.");
    expect(characters.list.map((one) => one.favourite)).toEqual([false]);
  });
});
