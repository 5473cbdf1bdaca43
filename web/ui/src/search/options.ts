/** What the search offers, by its kinds, in the order in which the arrow keys go through it. */
import type { RouteLocationRaw } from "vue-router";
import { selected } from "../gallery/selection";
import type { Character, FoundConversation, FoundMessage, FoundThing, SearchResult } from "../wire/protocol";

const CHARACTERS = 4;

export type GroupName = "characters" | "conversations" | "summaries" | "notes" | "personas" | "lorebooks" | "order";

export type Option =
  | { kind: "character"; key: string; character: Character; pieces: readonly string[] }
  | { kind: "conversation"; key: string; conversation: FoundConversation }
  | { kind: "message"; key: string; conversation: FoundConversation; message: FoundMessage }
  | { kind: "thing"; key: string; thing: FoundThing };

/** `all`: how many there are, where not all of them are among the options; else 0. */
export interface Group {
  name: GroupName;
  options: readonly Option[];
  all: number;
}

const OF_GROUP: Record<FoundThing["kind"], GroupName> = {
  character: "characters",
  entry: "lorebooks",
  folder: "order",
  instructions: "notes",
  lorebook: "lorebooks",
  note: "notes",
  persona: "personas",
  summary: "summaries",
  tag: "order",
};
const GROUPS: readonly GroupName[] = ["characters", "conversations", "summaries", "notes", "personas", "lorebooks", "order"];

/** Whose message it is; `me` is the reader's name, and "" where it is the reader's own. */
export function speakerOf({ role, speaker }: FoundMessage, conversation: FoundConversation, me: string): string {
  if (role === "user") return speaker === me ? "" : speaker;
  return speaker || conversation.character_name;
}

export function groupsOf(text: string, characters: readonly Character[], result: SearchResult | null): Group[] {
  if (text.trim() === "") return [];
  const options: Record<GroupName, Option[]> = {
    characters: charactersOf(text.trim(), characters, result),
    conversations: (result?.conversations ?? []).flatMap((conversation): Option[] => [
      { kind: "conversation", key: `t-${conversation.id}`, conversation },
      ...conversation.matches.map((message): Option => ({ kind: "message", key: `m-${message.message}`, conversation, message })),
    ]),
    summaries: [],
    notes: [],
    personas: [],
    lorebooks: [],
    order: [],
  };
  const known = new Set(characters.map((one) => one.id));
  for (const thing of result?.things ?? []) {
    if (thing.kind === "character" && known.has(thing.id)) continue; // is among the characters
    const key = `${thing.kind}-${thing.id}-${String(thing.place)}`;
    options[OF_GROUP[thing.kind]].push({ kind: "thing", key, thing });
  }
  return GROUPS.map((name) => ({ name, options: options[name], all: allOf(name, options[name].length, result) })).filter(
    (group) => group.options.length > 0,
  );
}

/** Those that are named so at once, and behind them those whose text the server found. */
function charactersOf(text: string, characters: readonly Character[], result: SearchResult | null): Option[] {
  const found = new Map((result?.things ?? []).filter((one) => one.kind === "character").map((one) => [one.id, one]));
  const named = selected(characters, { words: text, tag: "", order: "used" }).slice(0, CHARACTERS);
  const others = characters.filter((one) => found.has(one.id) && !named.includes(one));
  return [...named, ...others].map((character) => ({
    kind: "character",
    key: `c-${character.id}`,
    character,
    pieces: found.get(character.id)?.pieces ?? [],
  }));
}

function allOf(name: GroupName, shown: number, result: SearchResult | null): number {
  const counts = (result?.counts ?? []).filter(({ kind }) => OF_GROUP[kind] === name);
  const counted = new Set(counts.map(({ kind }) => kind));
  const others = (result?.things ?? []).filter(({ kind }) => OF_GROUP[kind] === name && !counted.has(kind)).length;
  const all = counts.reduce((sum, { count }) => sum + count, others);
  return counts.length > 0 && all > shown ? all : 0;
}

/** Where an option is shown in the page. */
export function placeOf(option: Option): RouteLocationRaw {
  switch (option.kind) {
    case "character":
      return { name: "gallery", query: { character: option.character.id } };
    case "conversation":
      return { name: "chat", params: { id: option.conversation.id } };
    case "message":
      return { name: "chat", params: { id: option.conversation.id }, query: { message: option.message.message } };
    case "thing":
      return placeOfThing(option.thing);
  }
}

function placeOfThing({ kind, id, conversation, place, title }: FoundThing): RouteLocationRaw {
  const inChat = (query: Record<string, string>): RouteLocationRaw =>
    conversation === null ? { name: "gallery" } : { name: "chat", params: { id: conversation }, query };
  switch (kind) {
    case "character":
      return { name: "gallery", query: { character: id } };
    case "persona":
      return { name: "personas", query: { persona: id } };
    case "lorebook":
      return { name: "lorebook", params: { id } };
    case "entry":
      return { name: "lorebook", params: { id }, query: { entry: String(place) } };
    case "summary":
      return inChat({ message: id, open: "summary" });
    case "note":
    case "instructions":
      return inChat({ open: kind });
    case "folder":
      return inChat({ folder: id });
    case "tag":
      return inChat({ tag: title.join("") });
  }
}
