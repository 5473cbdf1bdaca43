import { expect, test } from "vitest";
import type { Character, FoundConversation, FoundMessage, FoundThing, SearchResult } from "../wire/protocol";
import { groupsOf, placeOf, speakerOf } from "./options";

const CONVERSATION: FoundConversation = {
  id: "c1", title: ["Tea"], character_name: "Nadia", portrait: "", updated_ms: 0, archived: false, count: 1,
  matches: [{ message: "m1", role: "user", created_ms: 0, pieces: ["", "tea", ""], speaker: "" }],
}; // prettier-ignore

function character(id: string, name: string, description = ""): Character {
  return {
    id, version: `${id}v`, name, tagline: "", description, tags: [], portrait: "", greeting: "", thumb: "", mine: true,
    shared: false, favourite: false, created_ms: 0, language: "",
  }; // prettier-ignore
}

function thing(kind: FoundThing["kind"], id: string, more: Partial<FoundThing> = {}): FoundThing {
  return { kind, id, title: [], pieces: ["", "tea", ""], conversation: null, place: 0, beside: "", portrait: "", ...more };
}

function result(...things: FoundThing[]): SearchResult {
  return { conversations: [CONVERSATION], messages: 1, more: false, waiting: 0, things, counts: [] };
}

test.each<[FoundMessage["role"], string, string]>([
  ["assistant", "Gleb", "Gleb"], // a member of the group, not whom the conversation is called by
  ["assistant", "", "Nadia"],
  ["user", "", ""],
  ["user", "Anna", ""],
  ["user", "Mira", "Mira"],
])("a message of %s %j that was found is %j's", (role, speaker, name) => {
  const message: FoundMessage = { message: "m1", role, created_ms: 0, pieces: ["tea"], speaker };
  expect(speakerOf(message, CONVERSATION, "Anna")).toBe(name);
});

test("what was found stands by its kinds, in one order", () => {
  const found = result(
    thing("tag", "c1"), thing("entry", "b1", { place: 1 }), thing("persona", "p1"), thing("note", "c1"), thing("summary", "m1"),
    thing("lorebook", "b1"), thing("instructions", "c1"), thing("folder", "f1"),
  ); // prettier-ignore
  const groups = groupsOf("tea", [character("k1", "Tea maker")], found);
  expect(groups.map((group) => [group.name, group.options.length])).toEqual([
    ["characters", 1], ["conversations", 2], ["summaries", 1], ["notes", 2], ["personas", 1], ["lorebooks", 2], ["order", 2],
  ]); // prettier-ignore
  const keys = groups.flatMap((group) => group.options.map((option) => option.key));
  expect(new Set(keys).size).toBe(keys.length);
  expect(groupsOf("  ", [], found)).toEqual([]);
});

test("a character whose text was found is offered once, with the passage, behind those with the name", () => {
  const [tea, other] = [character("k1", "Tea maker"), character("k2", "Marfa")];
  const passage = ["Serves ", "tea", "."];
  const groups = groupsOf("tea", [other, tea], result(thing("character", "k2", { pieces: passage }), thing("character", "gone")));
  expect(groups[0]?.options).toEqual([
    { kind: "character", key: "c-k1", character: tea, pieces: [] },
    { kind: "character", key: "c-k2", character: other, pieces: passage },
    { kind: "thing", key: "character-gone-0", thing: thing("character", "gone") },
  ]);
});

test("a kind of which not all are shown says how many there are", () => {
  const found = { ...result(thing("lorebook", "b1"), thing("entry", "b1")), counts: [{ kind: "entry" as const, count: 12 }] };
  const groups = groupsOf("tea", [], found);
  expect(groups.map((group) => [group.name, group.all])).toEqual([["conversations", 0], ["lorebooks", 13]]);
});

test.each<[FoundThing, object]>([
  [thing("summary", "m1", { conversation: "c1" }), { name: "chat", params: { id: "c1" }, query: { message: "m1", open: "summary" } }],
  [thing("note", "c1", { conversation: "c1" }), { name: "chat", params: { id: "c1" }, query: { open: "note" } }],
  [thing("instructions", "me", { conversation: "c2" }), { name: "chat", params: { id: "c2" }, query: { open: "instructions" } }],
  [thing("instructions", "me"), { name: "gallery" }],
  [thing("persona", "p1"), { name: "personas", query: { persona: "p1" } }],
  [thing("lorebook", "b1"), { name: "lorebook", params: { id: "b1" } }],
  [thing("entry", "b1", { place: 7 }), { name: "lorebook", params: { id: "b1" }, query: { entry: "7" } }],
  [thing("folder", "f1", { conversation: "c1" }), { name: "chat", params: { id: "c1" }, query: { folder: "f1" } }],
  [
    thing("tag", "c1", { conversation: "c1", title: ["slow ", "burn", ""] }),
    { name: "chat", params: { id: "c1" }, query: { tag: "slow burn" } },
  ],
  [thing("character", "k1"), { name: "gallery", query: { character: "k1" } }],
])("%o is shown where it is", (found, place) => {
  expect(placeOf({ kind: "thing", key: "x", thing: found })).toEqual(place);
});
