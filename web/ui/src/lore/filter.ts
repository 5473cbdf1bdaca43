/** Which characters an entry is for: SillyTavern's `characterFilter` (actors/character/entry_filter.py). */
import { isTree, textOf, type Entry, type Tree } from "./book";
import { valueOf, withValue, type Field } from "./fields";

export interface Filter {
  readonly names: readonly string[];
  readonly tags: readonly string[];
  /** For all but these. */
  readonly exclude: boolean;
}

const FILTER: Field = { name: "group", kind: "words", spelt: ["characterFilter", "character_filter"] };

const said = (entry: Entry): Tree => {
  const value = valueOf(entry, FILTER);
  return isTree(value) ? value : {};
};

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(textOf).filter((text) => text.trim() !== "") : []);

export function filterOf(entry: Entry): Filter {
  const { names, tags, isExclude } = said(entry);
  return { names: texts(names), tags: texts(tags), exclude: isExclude === true };
}

/** What other programs say there stays; one that says nothing is none. */
export function withFilter(entry: Entry, { names, tags, exclude }: Filter): Entry {
  const filter: Tree = { ...said(entry), isExclude: exclude, names, tags };
  const isNone = names.length === 0 && tags.length === 0 && !exclude && Object.keys(filter).length === 3;
  return withValue(entry, FILTER, isNone ? undefined : filter);
}
