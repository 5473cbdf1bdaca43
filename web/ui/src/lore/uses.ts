/** What a lorebook can be attached to, by the names that people know. */
import type { Character, Conversation, Persona, Scope } from "../wire/protocol";

export interface Target {
  readonly id: string;
  readonly name: string;
}

export type Targets = Readonly<Record<Exclude<Scope, "user">, readonly Target[]>>;

export function targetsOf(
  characters: readonly Character[],
  personas: readonly Persona[],
  conversations: readonly Conversation[],
): Targets {
  return {
    character: characters.map(({ id, name }) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name)),
    persona: personas.map(({ id, name }) => ({ id, name })),
    conversation: conversations.map(({ id, title }) => ({ id, name: title })),
  };
}
