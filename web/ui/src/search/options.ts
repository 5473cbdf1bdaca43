/** What the search offers, in the order in which the arrow keys go through it. */
import { selected } from "../gallery/selection";
import type { Character, FoundConversation, FoundMessage, SearchResult } from "../wire/protocol";

const CHARACTERS = 4;

export type Option =
  | { kind: "character"; key: string; character: Character }
  | { kind: "conversation"; key: string; conversation: FoundConversation }
  | { kind: "message"; key: string; conversation: FoundConversation; message: FoundMessage };

/** Whose message it is; `me` is the reader's name, and "" where it is the reader's own. */
export function speakerOf({ role, speaker }: FoundMessage, conversation: FoundConversation, me: string): string {
  if (role === "user") return speaker === me ? "" : speaker;
  return speaker || conversation.character_name;
}

export function optionsOf(text: string, characters: readonly Character[], result: SearchResult | null): Option[] {
  if (text.trim() === "") return [];
  const named = selected(characters, { words: text.trim(), tag: "", order: "used" }).slice(0, CHARACTERS);
  return [
    ...named.map((character): Option => ({ kind: "character", key: `c-${character.id}`, character })),
    ...(result?.conversations ?? []).flatMap((conversation): Option[] => [
      { kind: "conversation", key: `t-${conversation.id}`, conversation },
      ...conversation.matches.map((message): Option => ({ kind: "message", key: `m-${message.message}`, conversation, message })),
    ]),
  ];
}
