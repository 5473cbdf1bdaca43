/** What a card's author says to people: in the reader's language where there is one, as Markdown. */
import type { CharacterDetails } from "../wire/protocol";

type Notes = Pick<CharacterDetails, "creator_notes" | "creator_notes_multilingual">;

const BLOCK = /<(?:p|div|center|h[1-6]|br|ul|ol|table|section)\b/i;
const LINE_ENDS = /<(?:br|\/p|\/div|\/li|\/tr|\/h[1-6])\b[^<>]{0,500}>/gi;
const TAG = /<\/?[a-z][^<>]{0,1000}>/gi;
const PICTURE = /!\[[^[\]]{0,500}\]\([^()]{0,1000}\)/g;

/** `language` as in ISO 639-1; a card may name a variety of it, such as ru-RU. */
export function noteFor(notes: Notes, language: string): string {
  const all = notes.creator_notes_multilingual;
  const primary = (tag: string): string => tag.trim().toLowerCase().split(/[-_]/, 1)[0] ?? "";
  const own = all.find((note) => primary(note.language) === language && note.text.trim() !== "");
  return markdownOf(own?.text ?? (notes.creator_notes.trim() || (all.find((note) => note.text.trim() !== "")?.text ?? "")));
}

/** Many notes are pages of HTML for the site they come from: their words stay, pictures and styles do not. */
export function markdownOf(text: string): string {
  const words = BLOCK.test(text) ? text.replace(/^[ \t]+/gm, "") : text; // indented HTML is no code
  return withoutStyles(words)
    .replace(LINE_ENDS, "\n")
    .replace(TAG, (tag) => (/^<https?:/i.test(tag) ? tag : "")) // an address in Markdown
    .replace(PICTURE, "")
    .replace(/\n[ \t]*(?:\n[ \t]*)+\n/g, "\n\n")
    .trim();
}

function withoutStyles(text: string): string {
  const [first = "", ...rest] = text.split(/<(?=(?:style|script)\b)/i);
  return first + rest.map((part) => part.split(/<\/(?:style|script)\s*>/i).slice(1).join("")).join("");
}
