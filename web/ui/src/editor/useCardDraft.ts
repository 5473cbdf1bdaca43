/** A card that is being written: what the server has, what was changed, and how it is saved. */
import { computed, reactive, ref, shallowRef, watch } from "vue";
import { useCharacters } from "../gallery/useCharacters";
import type { AssetEdit, CardSave, EditableCard, SavedCard } from "../wire/protocol";
import { RefusedError, rest, troubleRef } from "../wire/rest";
import { forgetDraft, keepDraft, keptDraft, NEW, type KeptDraft } from "./keptDrafts";
import { NO_TEXTS, type Texts } from "./texts";

/** `at`: its place in the card, -1 for one that was brought as `picture`. */
export interface DraftAsset {
  type: string;
  name: string;
  at: number;
  picture: string;
  thumb: string;
  where: string;
  size: number;
}

export type Outcome = "saved" | "same" | "conflict" | "refused";
export type CardDraft = ReturnType<typeof useCardDraft>;

interface Work {
  texts: Texts;
  book: string;
  assets: DraftAsset[];
  portrait: { id: string; thumb: string } | null;
}

const copied = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const empty = (): Work => ({ texts: copied(NO_TEXTS), book: "", assets: [], portrait: null });

export function useCardDraft(character: string | null) {
  const characters = useCharacters();
  const key = character ?? NEW;
  const card = shallowRef<EditableCard | null>(null);
  const base = ref<string | null>(null);
  const state = ref<"opening" | "open" | "gone">("opening");
  const trouble = troubleRef();
  const isSaving = ref(false);
  const isKept = ref(false); // unsaved work of before is back
  const before = shallowRef<Work>(empty());
  const work = reactive<Work>(empty());
  const isChanged = computed(() => state.value === "open" && JSON.stringify(work) !== JSON.stringify(before.value));
  const mine = computed(() => characters.list.find((one) => one.id === character));

  function take({ texts, book, assets, portrait }: Work): void {
    Object.assign(work, copied({ texts, book, assets, portrait }));
  }

  async function open(): Promise<void> {
    trouble.value = "";
    try {
      const kept = keptDraft(key);
      if (character !== null) {
        if (characters.state !== "loaded") await characters.load();
        const found = mine.value;
        if (!found?.mine) {
          state.value = "gone";
          return;
        }
        await fetchCard(kept?.base ?? found.version, found.version);
      }
      take(before.value);
      if (kept && kept.base === base.value) {
        take({ ...kept, assets: [...kept.assets] });
        isKept.value = true;
      }
      state.value = "open";
    } catch (error) {
      trouble.value = error;
    }
  }

  /** Of the version that the kept draft was begun from; of the current one where that is gone. */
  async function fetchCard(wanted: string, current: string): Promise<void> {
    let found: EditableCard;
    try {
      found = await rest.card(wanted);
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status !== 404 || wanted === current) throw error;
      found = await rest.card(current);
    }
    card.value = found;
    base.value = found.character.version;
    before.value = {
      texts: { ...copied(NO_TEXTS), ...found.texts },
      book: found.book,
      assets: found.assets.map(({ type, name, thumb, where, size }, at) => ({
        type, name, at, picture: "", thumb, where, size,
      })), // prettier-ignore
      portrait: null,
    };
  }

  // A moment after the last letter, for the whole of it is written anew each time.
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(
    work,
    () => {
      clearTimeout(timer);
      timer = setTimeout(keep, 300);
    },
    { deep: true },
  );

  function keep(): void {
    clearTimeout(timer);
    if (state.value !== "open") return;
    if (isChanged.value) keepDraft(key, { base: base.value, ...copied(work) } satisfies KeptDraft);
    else forgetDraft(key);
  }

  function drop(): void {
    clearTimeout(timer);
    take(before.value);
    isKept.value = false;
    forgetDraft(key);
  }

  function wanted(): CardSave {
    const assetsChanged = JSON.stringify(work.assets) !== JSON.stringify(before.value.assets);
    const assets = work.assets.map(({ type, name, at, picture }): AssetEdit => ({ type, name, at, picture }));
    return {
      texts: copied(work.texts),
      book: work.book === before.value.book ? null : work.book,
      assets: assetsChanged ? assets : null,
      portrait: work.portrait?.id ?? "",
      base: base.value,
    };
  }

  /** `over`: the version that is current by now, where the author knows it. */
  async function save(over: string | null = null): Promise<Outcome> {
    return saved(() =>
      character === null
        ? rest.newCharacter({ ...wanted(), base: null })
        : rest.saveCharacter(character, { ...wanted(), over }),
    );
  }

  /** As a character of its own. */
  const saveCopy = (): Promise<Outcome> => saved(() => rest.newCharacter(wanted()));

  const made = shallowRef<SavedCard | null>(null);

  async function saved(ask: () => Promise<SavedCard>): Promise<Outcome> {
    isSaving.value = true;
    trouble.value = "";
    try {
      made.value = await ask();
      await characters.load();
      if (made.value.character === character) {
        await fetchCard(made.value.version, made.value.version);
        take(before.value);
      } else {
        before.value = copied(work);
      }
      isKept.value = false;
      forgetDraft(key);
      return made.value.changed ? "saved" : "same";
    } catch (error) {
      if (error instanceof RefusedError && error.refusal.code === "conflict") {
        await characters.load();
        return "conflict";
      }
      trouble.value = error;
      return "refused";
    } finally {
      isSaving.value = false;
    }
  }

  return {
    character, card, base, state, trouble, isSaving, isKept, isChanged, mine, work, before, made,
    open, keep, drop, save, saveCopy,
  }; // prettier-ignore
}
