/** The fields of a lorebook's entry beyond keys and content, and where each stands: V2, V3, and SillyTavern's. */
import { isTree, type Entry, type Tree } from "./book";

export type FieldName =
  | "case_sensitive" | "match_whole_words" | "scan_depth" | "probability" | "triggers"
  | "exclude_recursion" | "prevent_recursion" | "delay_until_recursion"
  | "sticky" | "cooldown" | "delay"
  | "group" | "group_weight" | "group_override" | "use_group_scoring"
  | "match_persona_description" | "match_character_description" | "match_character_personality"
  | "match_character_depth_prompt" | "match_scenario" | "match_creator_notes"
  | "priority" | "ignore_budget"
  | "comment" | "automation_id" | "vectorized"; // prettier-ignore

export type FieldKind = "flag" | "choice" | "number" | "text" | "words";

export interface Field {
  readonly name: FieldName;
  readonly kind: FieldKind;
  /** How it is spelt, the first being ours; in the extensions, unless `own`. */
  readonly spelt: readonly string[];
  readonly own?: boolean;
  /** What counts where nothing is said. */
  readonly unset?: number;
}

const field = (name: FieldName, kind: FieldKind, spelt: readonly string[] = [], unset?: number): Field => ({
  name, kind, spelt: [name, ...spelt], ...(unset === undefined ? {} : { unset }),
}); // prettier-ignore

export type FoldName = "conditions" | "recursion" | "time" | "group" | "looksIn" | "budget" | "others";

/** Folded away, in this order: what few entries say. */
export const FOLDS: Readonly<Record<FoldName, readonly Field[]>> = {
  conditions: [
    { name: "case_sensitive", kind: "choice", spelt: ["case_sensitive", "caseSensitive"], own: true },
    field("match_whole_words", "choice", ["matchWholeWords"]),
    field("scan_depth", "number", ["scanDepth"]),
    field("probability", "number", [], 100),
    field("triggers", "words"),
  ],
  recursion: [
    field("exclude_recursion", "flag", ["excludeRecursion"]),
    field("prevent_recursion", "flag", ["preventRecursion"]),
    field("delay_until_recursion", "number", ["delayUntilRecursion"], 0),
  ],
  time: [field("sticky", "number", [], 0), field("cooldown", "number", [], 0), field("delay", "number", [], 0)],
  group: [
    field("group", "text"),
    field("group_weight", "number", ["groupWeight"], 100),
    field("group_override", "flag", ["groupOverride"]),
    field("use_group_scoring", "flag", ["useGroupScoring"]),
  ],
  looksIn: [
    field("match_persona_description", "flag", ["matchPersonaDescription"]),
    field("match_character_description", "flag", ["matchCharacterDescription"]),
    field("match_character_personality", "flag", ["matchCharacterPersonality"]),
    field("match_character_depth_prompt", "flag", ["matchCharacterDepthPrompt"]),
    field("match_scenario", "flag", ["matchScenario"]),
    field("match_creator_notes", "flag", ["matchCreatorNotes"]),
  ],
  budget: [{ name: "priority", kind: "number", spelt: ["priority"], own: true }, field("ignore_budget", "flag", ["ignoreBudget"])],
  others: [
    { name: "comment", kind: "text", spelt: ["comment"], own: true },
    field("automation_id", "text", ["automationId"]),
    field("vectorized", "flag"),
  ],
};

const extensionsOf = (entry: Entry): Tree => (isTree(entry.extensions) ? entry.extensions : {});

/** Where the value stands: beside the extensions, as some programs put it, or in them. */
function placeOf(entry: Entry, { spelt, own }: Field): { beside: boolean; name: string } {
  const extensions = extensionsOf(entry);
  const within = spelt.find((name) => name in extensions);
  const beside = spelt.find((name) => name in entry);
  if (own ? beside !== undefined || within === undefined : within === undefined && beside !== undefined) {
    return { beside: true, name: beside ?? spelt[0] ?? "" };
  }
  return { beside: false, name: within ?? spelt[0] ?? "" };
}

export function valueOf(entry: Entry, field: Field): unknown {
  const { beside, name } = placeOf(entry, field);
  const value = (beside ? entry : extensionsOf(entry))[name];
  return value === null ? undefined : value;
}

/** The entry with that value; undefined: it says nothing. */
export function withValue(entry: Entry, field: Field, value: unknown): Entry {
  const { beside, name } = placeOf(entry, field);
  if (beside) return without(entry, name, value);
  return { ...entry, extensions: without(extensionsOf(entry), name, value) };
}

function without<T extends Tree>(tree: T, name: string, value: unknown): T {
  const rest = Object.fromEntries(Object.entries(tree).filter(([key]) => key !== name));
  return (value === undefined ? rest : { ...tree, [name]: value }) as T;
}

/** Whether the entry says something there that is not so anyway. */
export function isSet(entry: Entry, field: Field): boolean {
  const value = valueOf(entry, field);
  if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return false;
  return field.kind === "flag" ? value === true : field.unset === undefined || value !== field.unset;
}

// -- secondary keys -----------------------------------------------------------------------------

const LOGIC: Field = { name: "group", kind: "number", spelt: ["selectiveLogic", "selective_logic"] };

/** 0 any, 1 not all, 2 none, 3 all: SillyTavern's numbers. */
export function logicOf(entry: Entry): number {
  const value = valueOf(entry, LOGIC);
  return typeof value === "number" && value >= 0 && value <= 3 ? value : 0;
}

export function withLogic(entry: Entry, logic: number): Entry {
  return withValue({ ...entry, selective: true }, LOGIC, logic);
}

// -- the place in the prompt ----------------------------------------------------------------------

export const PLACES = ["before_char", "after_char", "before_note", "after_note", "at_depth", "before_examples", "after_examples", "outlet"] as const; // prettier-ignore
export type Place = (typeof PLACES)[number];

const POSITION: Field = { name: "group", kind: "number", spelt: ["position"] };
export const DEPTH: Field = { name: "group", kind: "number", spelt: ["depth"], unset: 4 };
export const ROLE: Field = { name: "group", kind: "number", spelt: ["role"], unset: 0 };
export const OUTLET: Field = { name: "group", kind: "text", spelt: ["outlet_name", "outletName"] };

export function placeInPrompt(entry: Entry): Place {
  const number = extensionsOf(entry)["position"];
  const own = typeof number === "number" ? PLACES[number] : undefined;
  if (own) return own;
  return entry["position"] === "before_char" ? "before_char" : "after_char";
}

export function withPlace(entry: Entry, place: Place): Entry {
  const number = PLACES.indexOf(place);
  const named: Entry = number <= 1 ? { ...entry, position: place } : entry;
  if (number <= 1 && !("position" in extensionsOf(entry))) return named;
  return { ...named, extensions: { ...extensionsOf(entry), [POSITION.spelt[0] ?? ""]: number } };
}
