/** The texts of a card as forms work on them, and as JSON that the server reads. */
import type { CardTexts } from "../wire/protocol";

export type Texts = Required<CardTexts>;

export const NO_TEXTS: Texts = {
  name: "",
  nickname: "",
  description: "",
  personality: "",
  scenario: "",
  first_mes: "",
  alternate_greetings: [],
  group_only_greetings: [],
  mes_example: "",
  system_prompt: "",
  post_history_instructions: "",
  creator: "",
  character_version: "",
  tags: [],
  creator_notes: "",
  creator_notes_multilingual: [],
};

/** Fields of one text each, by the part of the form that has them. `rows` 1: a line. */
export const FIELDS = {
  basics: [
    { name: "name", rows: 1 },
    { name: "nickname", rows: 1 },
    { name: "description", rows: 9 },
    { name: "personality", rows: 3 },
    { name: "scenario", rows: 3 },
  ],
  examples: [{ name: "mes_example", rows: 14 }],
  instructions: [
    { name: "system_prompt", rows: 7 },
    { name: "post_history_instructions", rows: 7 },
  ],
  about: [
    { name: "creator", rows: 1 },
    { name: "character_version", rows: 1 },
    { name: "creator_notes", rows: 6 },
  ],
} as const;

export type FieldName =
  | (typeof FIELDS)["basics" | "examples" | "instructions" | "about"][number]["name"]
  | "first_mes";

/** What stands in every prompt of a conversation. */
export const IN_EVERY_PROMPT: readonly FieldName[] = [
  "description",
  "personality",
  "scenario",
  "system_prompt",
  "post_history_instructions",
];

/** Those of which tokens are told. */
export const COUNTED: readonly FieldName[] = [...IN_EVERY_PROMPT, "first_mes", "mes_example"];

/** The card as V3, for a preview of its prompt. */
export function cardJson(texts: Texts, book: string): string {
  const { creator_notes_multilingual: notes, ...fields } = texts;
  const data: Record<string, unknown> = {
    ...fields,
    creator_notes_multilingual: Object.fromEntries(notes.map(({ language, text }) => [language, text])),
    extensions: {},
  };
  const parsed = bookOf(book);
  if (parsed) data.character_book = parsed;
  return JSON.stringify({ spec: "chara_card_v3", spec_version: "3.0", data });
}

export interface Book {
  name?: string;
  entries: { keys?: string[]; content?: string; comment?: string; name?: string; enabled?: boolean }[];
}

/** The lorebook in this JSON; null where it is none. */
export function bookOf(json: string): Book | null {
  if (json.trim() === "") return null;
  try {
    const book = JSON.parse(json) as Partial<Book> | null;
    return book && Array.isArray(book.entries) ? (book as Book) : null;
  } catch {
    return null;
  }
}
