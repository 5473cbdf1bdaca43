/** Which characters the gallery shows, and in which order. */
import type { Character } from "../wire/protocol";

export const ORDERS = ["used", "name", "newest"] as const;
export type Order = (typeof ORDERS)[number];

export interface Selection {
  words: string;
  tag: string; // "" for all
  order: Order;
}

const folded = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();

/** Every word that is looked for is somewhere in the name, the line below it, the tags or the description. */
function fits(character: Character, { words, tag }: Selection): boolean {
  if (tag !== "" && !character.tags.some((one) => folded(one) === folded(tag))) return false;
  const text = folded([character.name, character.tagline, ...character.tags, character.description].join("\n"));
  return folded(words)
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const ORDERED: Record<Order, (a: Character, b: Character) => number> = {
  used: (a, b) => Number(b.favourite) - Number(a.favourite),
  name: (a, b) => a.name.localeCompare(b.name),
  newest: (a, b) => b.created_ms - a.created_ms,
};

/** Of those that come with Samovar, the ones that speak the page's language; and those that were marked. */
export function speaking(characters: readonly Character[], language: string): Character[] {
  return characters.filter((one) => one.language === "" || one.language === language || one.favourite);
}

export function selected(characters: readonly Character[], selection: Selection): Character[] {
  return characters.filter((character) => fits(character, selection)).sort(ORDERED[selection.order]);
}

/** The tags that most characters have, spelt as most spell them. */
export function commonTags(characters: readonly Character[], most: number): string[] {
  const counts = new Map<string, { name: string; count: number }>();
  for (const character of characters) {
    for (const tag of new Set(character.tags)) {
      const found = counts.get(folded(tag)) ?? { name: tag, count: 0 };
      counts.set(folded(tag), { ...found, count: found.count + 1 });
    }
  }
  return [...counts.values()]
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name))
    .slice(0, most)
    .map((tag) => tag.name);
}
