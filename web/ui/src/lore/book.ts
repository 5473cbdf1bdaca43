/** A lorebook as the editor works on it: the object of a V3 book. What the editor does not know stays as it is. */

export type Tree = Readonly<Record<string, unknown>>;

export interface Entry extends Tree {
  readonly keys?: unknown;
  readonly content?: unknown;
  readonly extensions?: unknown;
}

export interface Book extends Tree {
  readonly entries: readonly Entry[];
}

export const EMPTY: Book = { extensions: {}, entries: [] };

const NEW_ENTRY: Entry = {
  keys: [],
  content: "",
  extensions: {},
  enabled: true,
  insertion_order: 100,
  use_regex: false,
  name: "",
};

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Any object as a book, so that whoever has a card without one can open the editor on it. */
export function bookOf(value: unknown): Book {
  if (!isTree(value)) return EMPTY;
  const entries = Array.isArray(value["entries"]) ? value["entries"].filter(isTree) : [];
  return { ...value, entries };
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

export function listOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(textOf).filter((text) => text !== "");
  return textOf(value).split(",").map((part) => part.trim()).filter((part) => part !== "");
}

export function keysOf(entry: Entry): readonly string[] {
  return listOf(entry.keys);
}

/** What people call it: its name, its comment, its first keys, or how it begins. */
export function titleOf(entry: Entry): string {
  const keys = keysOf(entry).slice(0, 3).join(", ");
  const found = [entry["name"], entry["comment"], keys, entry.content].map(textOf).find((text) => text.trim() !== "");
  return (found ?? "").replace(/\s+/g, " ").trim().slice(0, 120);
}

export function isEnabled(entry: Entry): boolean {
  return entry["enabled"] !== false;
}

// -- changes: each gives another book ---------------------------------------------------------

function withEntries(book: Book, entries: readonly Entry[]): Book {
  return { ...book, entries };
}

export function replaced(book: Book, at: number, entry: Entry): Book {
  return withEntries(book, book.entries.map((one, index) => (index === at ? entry : one)));
}

export function removed(book: Book, at: number): Book {
  return withEntries(book, book.entries.filter((_, index) => index !== at));
}

export function inserted(book: Book, at: number, entry: Entry): Book {
  return withEntries(book, [...book.entries.slice(0, at), entry, ...book.entries.slice(at)]);
}

export function moved(book: Book, from: number, to: number): Book {
  const entry = book.entries[from];
  if (!entry || to < 0 || to >= book.entries.length) return book;
  return inserted(removed(book, from), to, entry);
}

/** A new entry at the end. */
export function added(book: Book): Book {
  return withEntries(book, [...book.entries, { ...NEW_ENTRY, id: freeId(book) }]);
}

/** A copy behind the entry, with an id of its own. */
export function duplicated(book: Book, at: number): Book {
  const entry = book.entries[at];
  return entry ? inserted(book, at + 1, { ...entry, id: freeId(book) }) : book;
}

function freeId(book: Book): number {
  const taken = book.entries.map((entry) => entry["id"]).filter((id): id is number => typeof id === "number");
  return Math.max(0, ...taken) + 1;
}

/** Their place in the prompt follows their place in the list. */
export function numbered(book: Book): Book {
  return withEntries(book, book.entries.map((entry, index) => ({ ...entry, insertion_order: (index + 1) * 10 })));
}

// -- looking for entries ------------------------------------------------------------------------

const folded = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Places of the entries that have every word somewhere. */
export function found(book: Book, words: string): readonly number[] {
  const wanted = folded(words).split(/\s+/).filter(Boolean);
  const places = book.entries.map((_, index) => index);
  if (wanted.length === 0) return places;
  return places.filter((index) => {
    const entry = book.entries[index] ?? {};
    const parts = [entry["name"], entry["comment"], entry.content, ...keysOf(entry), ...listOf(entry["secondary_keys"])];
    const text = folded(parts.map(textOf).join("\n"));
    return wanted.every((word) => text.includes(word));
  });
}

/** Four letters of Latin script, or two of another, make about one token. */
export function estimatedTokens(text: string): number {
  const other = text.match(/[^\0-\x7f]/gu)?.length ?? 0;
  const plain = text.replace(/[^\0-\x7f]/gu, "").length;
  return Math.ceil(plain / 4) + Math.ceil(other / 2);
}
