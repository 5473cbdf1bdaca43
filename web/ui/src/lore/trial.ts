/** A trial of the book under the editor: on a text or in a conversation, a moment after the last change. */
import { onScopeDispose, ref, shallowRef, watch, type ShallowRef, type WritableComputedRef } from "vue";
import type { KeyTrouble, LoreTrial, LoreTrialResult, TriedEntry } from "../wire/protocol";
import { RefusedError, rest, troubleRef } from "../wire/rest";
import { keysOf, listOf, textOf, type Book } from "./book";

/** What the book is: one of the user's, or that of a character. */
export interface BookContext {
  readonly lorebook?: string;
  readonly ofCard?: boolean;
  /** A version, whose texts count as well. */
  readonly character?: string;
}

export interface TrialState {
  readonly text: ShallowRef<string>;
  readonly conversation: ShallowRef<string>;
  readonly result: ShallowRef<LoreTrialResult | null>;
  /** The result is of what was there before. */
  readonly isStale: ShallowRef<boolean>;
  readonly trouble: WritableComputedRef<string, unknown>;
  readonly outcomeOf: (entry: number) => TriedEntry | undefined;
  readonly troublesOf: (entry: number) => readonly KeyTrouble[];
  readonly drawAgain: () => void;
}

const PAUSE_MS = 600;
const BUSY_MS = 3_000;
const PATTERN = /^\/.+\/[a-z]*$/;

/** Whether a key may be a pattern that is none. */
export function hasPatterns(book: Book): boolean {
  return book.entries.some(
    (entry) =>
      entry["use_regex"] === true ||
      [...keysOf(entry), ...listOf(entry["secondary_keys"])].some((key) => PATTERN.test(key)) ||
      /^@@@?(additional|exclude)_keys/m.test(textOf(entry.content)),
  );
}

export function useTrial(book: () => Book, context: () => BookContext): TrialState {
  const text = ref("");
  const conversation = ref("");
  const result = shallowRef<LoreTrialResult | null>(null);
  const isStale = ref(false);
  const trouble = troubleRef();
  const seed = ref(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;

  const isWanted = (): boolean => text.value.trim() !== "" || conversation.value !== "" || hasPatterns(book());

  function asking(): LoreTrial {
    const { lorebook = null, ofCard = false, character = null } = context();
    const inTalk = conversation.value !== "";
    return {
      book: book(),
      lines: inTalk ? [] : [{ role: "user", text: text.value }],
      conversation: inTalk ? conversation.value : null,
      character: inTalk ? null : character,
      lorebook,
      of_card: ofCard,
      seed: seed.value,
    };
  }

  async function run(): Promise<void> {
    const turn = ++asked;
    try {
      const found = await rest.tryLore(asking());
      if (turn !== asked) return;
      result.value = found;
      isStale.value = false;
      trouble.value = "";
    } catch (error) {
      if (turn !== asked) return;
      if (error instanceof RefusedError && error.refusal.code === "busy") later(BUSY_MS);
      else trouble.value = error;
    }
  }

  function later(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void run(), ms);
  }

  watch(
    [book, text, conversation, seed],
    () => {
      asked += 1; // what is under way is of another book or text
      clearTimeout(timer);
      isStale.value = isWanted();
      if (isWanted()) later(PAUSE_MS);
      else result.value = null;
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    asked += 1;
    clearTimeout(timer);
  });

  const own = (at: number): boolean => result.value?.books[at]?.edited === true;

  return {
    text,
    conversation,
    result,
    isStale,
    trouble,
    outcomeOf: (entry) => result.value?.entries.find((one) => own(one.book) && one.entry === entry),
    troublesOf: (entry) => (result.value?.troubles ?? []).filter((one) => own(one.book) && one.entry === entry),
    drawAgain: () => {
      seed.value += 1;
    },
  };
}
