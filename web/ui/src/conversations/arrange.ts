/** The sidebar's list: which conversations it shows, in which order, under which headings. */
import type { Conversation, Folder } from "../wire/protocol";

export const ORDERS = ["used", "made", "title"] as const;
export type Order = (typeof ORDERS)[number];
export type View = "all" | "archive" | "removed";

export interface Look {
  order: Order;
  tag: string; // "" for all
  closed: readonly string[]; // keys of headings
}

export interface Heading {
  kind: "heading";
  key: string; // "pinned", "rest" or the id of a folder
  folder: Folder | null;
  count: number;
  isOpen: boolean;
}
export interface Line {
  kind: "line";
  key: string;
  heading: string; // under which it stands
  conversation: Conversation;
}
export type Row = Heading | Line;

const ORDERED: Record<Order, (a: Conversation, b: Conversation) => number> = {
  used: (a, b) => b.updated_ms - a.updated_ms,
  made: (a, b) => b.created_ms - a.created_ms,
  title: (a, b) => a.title.localeCompare(b.title),
};

/** Removed ones are a list of their own, and come as `list`. */
export function arranged(list: readonly Conversation[], folders: readonly Folder[], view: View, look: Look): Row[] {
  const shown = list
    .filter((one) => view === "removed" || one.archived_ms > 0 === (view === "archive"))
    .filter((one) => look.tag === "" || one.tags.includes(look.tag))
    .sort(ORDERED[look.order]);
  if (view !== "all") return shown.map((conversation) => line("", conversation));
  const pinned = shown.filter((one) => one.pinned_ms > 0);
  const others = shown.filter((one) => one.pinned_ms === 0);
  const known = new Set(folders.map((folder) => folder.id));
  const rest = others.filter((one) => one.folder === null || !known.has(one.folder));
  const rows: Row[] = pinned.length > 0 ? under("pinned", null, pinned, look) : [];
  for (const folder of folders) {
    const inIt = others.filter((one) => one.folder === folder.id);
    if (inIt.length > 0 || look.tag === "") rows.push(...under(folder.id, folder, inIt, look));
  }
  if (rows.length === 0) return rest.map((conversation) => line("rest", conversation));
  return [...rows, ...under("rest", null, rest, look)];
}

function under(key: string, folder: Folder | null, list: readonly Conversation[], look: Look): Row[] {
  const isOpen = !look.closed.includes(key);
  const heading: Heading = { kind: "heading", key, folder, count: list.length, isOpen };
  return isOpen ? [heading, ...list.map((conversation) => line(key, conversation))] : [heading];
}

const line = (heading: string, conversation: Conversation): Line => ({ kind: "line", key: conversation.id, heading, conversation });

/** All tags in use, by name. */
export function tagsOf(list: readonly Conversation[]): string[] {
  return [...new Set(list.flatMap((one) => one.tags))].sort((a, b) => a.localeCompare(b));
}

/** Where each row begins, and behind the last one the whole height. */
export function offsetsOf(rows: readonly Row[], lineHeight: number, headingHeight: number): number[] {
  const offsets = [0];
  for (const row of rows) offsets.push((offsets.at(-1) ?? 0) + (row.kind === "line" ? lineHeight : headingHeight));
  return offsets;
}

/** The first row and the one behind the last of those between two heights. */
export function between(offsets: readonly number[], top: number, bottom: number): [number, number] {
  const last = offsets.length - 1;
  let first = 0;
  let step = 1 << 20;
  for (; step > 0; step >>= 1) if (first + step < last && (offsets[first + step] ?? 0) <= top) first += step;
  let end = first;
  while (end < last && (offsets[end] ?? 0) < bottom) end += 1;
  return [first, end];
}
