/** Unsaved work on characters, kept in the browser until it is saved or thrown away. */
import type { DraftAsset } from "./useCardDraft";
import type { Texts } from "./texts";

export interface KeptDraft {
  readonly base: string | null;
  readonly texts: Texts;
  readonly book: string;
  readonly assets: readonly DraftAsset[];
  readonly portrait: { readonly id: string; readonly thumb: string } | null;
}

/** They begin as the drafts of conversations do, and are forgotten with them at the end of a login. */
const keyOf = (character: string): string => `samovar.draft.card.${character}`;
export const NEW = "new";

export function keptDraft(character: string): KeptDraft | null {
  try {
    return JSON.parse(localStorage.getItem(keyOf(character)) ?? "null") as KeptDraft | null;
  } catch {
    return null; // storage is forbidden, or holds something else
  }
}

export function keepDraft(character: string, draft: KeptDraft): void {
  try {
    localStorage.setItem(keyOf(character), JSON.stringify(draft));
  } catch {
    // Storage is full or forbidden: the draft lives as long as the page, which asks before it is left.
  }
}

export function forgetDraft(character: string): void {
  try {
    localStorage.removeItem(keyOf(character));
  } catch {
    // Storage is forbidden: there is none.
  }
}
