/** The parts of a prompt as people see them: in groups, by name, and why they are there or not. */
import { lineFor, words } from "../messages/words";
import type { PromptPart } from "../wire/protocol";

export const GROUPS = ["instructions", "character", "lore", "persona", "examples", "talk", "frame", "other"] as const;
export type Group = (typeof GROUPS)[number];

const GROUP_OF: Readonly<Record<string, Group>> = {
  system: "instructions",
  instructions: "instructions",
  note: "instructions",
  depth: "instructions",
  task: "instructions",
  description: "character",
  personality: "character",
  scenario: "character",
  lore: "lore",
  persona: "persona",
  example: "examples",
  summary: "talk",
  message: "talk",
  opening: "talk",
  frame: "frame",
};

export const groupOf = (part: PromptPart): Group => (Object.hasOwn(GROUP_OF, part.kind) ? (GROUP_OF[part.kind] ?? "other") : "other");

export const colourOf = (group: Group): string => `var(--part-${group})`;

export interface Share {
  readonly group: Group;
  readonly tokens: number;
}

/** What each group costs, in the order of the groups; what the parts lack is the model's own format. */
export function sharesOf(parts: readonly PromptPart[], total: number): Share[] {
  const sums = new Map<Group, number>();
  let written = 0;
  for (const part of parts) {
    if (!part.kept) continue;
    written += part.tokens;
    sums.set(groupOf(part), (sums.get(groupOf(part)) ?? 0) + part.tokens);
  }
  if (total > written) sums.set("frame", (sums.get("frame") ?? 0) + total - written);
  return GROUPS.map((group) => ({ group, tokens: sums.get(group) ?? 0 })).filter((share) => share.tokens > 0);
}

/** How a part is called; `companion` is the character's name. */
export function nameOf(part: PromptPart, companion: string): string {
  if (part.kind === "lore") return part.entry || words.trace.groups.lore || part.source;
  if (part.kind === "more") return words.trace.parts(part.count);
  if (part.kind === "message" && part.count > 1) return words.trace.messages(part.count);
  if (part.kind === "message" && part.role === "user") return words.trace.you;
  if (part.kind === "message" && part.role === "assistant") return companion || part.source;
  return lineFor(words.trace.kinds, part.kind) ?? part.source;
}

/** Why a part was left out; the server's own words where the page has none. */
export const whyOut = (part: PromptPart): string => lineFor(words.trace.reasons, part.reason) ?? part.why;

/** Why lore came up. */
export function whyLore(part: PromptPart): string {
  if (part.key !== "") return part.said === "" ? words.trace.loreKeyElsewhere(part.key) : words.trace.loreKey(part.key);
  return part.reason === "kept" || part.reason === "sticky" ? words.trace.loreKept : words.trace.loreAlways;
}

/** What was said, cut around the key: before it, itself, behind it. The key is not there where it is a pattern. */
export function aroundKey(said: string, key: string): [string, string, string] {
  const at = key === "" ? -1 : said.toLowerCase().indexOf(key.toLowerCase());
  return at < 0 ? [said, "", ""] : [said.slice(0, at), said.slice(at, at + key.length), said.slice(at + key.length)];
}
