/** Two versions of a card, field by field. */
import { words } from "../messages/words";
import type { EditableCard } from "../wire/protocol";
import { abridged, difference, type Piece } from "./diff";
import { bookOf, FIELDS, NO_TEXTS, type FieldName, type Texts } from "./texts";

export interface Difference {
  readonly label: string;
  readonly pieces: readonly Piece[];
}

const LINES: readonly FieldName[] = [
  ...FIELDS.basics.map((field) => field.name),
  "first_mes",
  ...FIELDS.examples.map((field) => field.name),
  ...FIELDS.instructions.map((field) => field.name),
  ...FIELDS.about.map((field) => field.name),
];

type Compared = Pick<EditableCard, "texts" | "book" | "assets">;

export function differences(before: Compared, after: Compared): Difference[] {
  const [old, now] = [whole(before), whole(after)];
  const { editor } = words;
  const pairs: [string, string, string][] = LINES.map((name) => [editor.fields[name], old[name], now[name]]);
  pairs.push(
    [editor.diff.alternate, listed(old.alternate_greetings), listed(now.alternate_greetings)],
    [editor.diff.groupOnly, listed(old.group_only_greetings), listed(now.group_only_greetings)],
    [editor.fields.tags, old.tags.join(", "), now.tags.join(", ")],
    [editor.diff.languages, notes(old), notes(now)],
    [editor.diff.lore, lore(before.book), lore(after.book)],
    [editor.diff.assets, pictures(before), pictures(after)],
  );
  return pairs
    .filter(([, one, other]) => one !== other)
    .map(([label, one, other]) => ({ label, pieces: abridged(difference(one, other)) }));
}

const whole = ({ texts }: Compared): Texts => ({ ...NO_TEXTS, ...texts });
const listed = (greetings: readonly string[]): string => greetings.map((text, at) => `${at + 1}. ${text}`).join("\n\n");
const notes = (texts: Texts): string =>
  texts.creator_notes_multilingual.map(({ language, text }) => `${language}: ${text}`).join("\n\n");
const pictures = ({ assets }: Compared): string =>
  assets.map(({ type, name, size }) => `${name} (${type}, ${words.editor.bytes(size)})`).join("\n");

/** An entry a paragraph; what is no lorebook as it stands. */
function lore(json: string): string {
  const book = bookOf(json);
  if (!book) return json;
  return book.entries
    .map((entry) => `${(entry.keys ?? []).join(", ")}${entry.enabled === false ? " (–)" : ""}: ${entry.content ?? ""}`)
    .join("\n\n");
}
