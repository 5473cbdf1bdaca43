/** How many tokens each text of a card has, counted by a GPU box a moment after the last letter. */
import { computed, onBeforeUnmount, shallowRef, watch } from "vue";
import type { TokenCounts } from "../wire/protocol";
import { rest } from "../wire/rest";
import { COUNTED, IN_EVERY_PROMPT, type FieldName, type Texts } from "./texts";

const PAUSE_MS = 700;

export function useTokens(texts: () => Texts) {
  const answer = shallowRef<TokenCounts | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;

  async function count(): Promise<void> {
    const number = (asked += 1);
    const now = texts();
    try {
      const counts = await rest.countTokens({ texts: COUNTED.map((name) => now[name]) });
      if (number === asked) answer.value = counts;
    } catch {
      // The numbers of before stay: nothing depends on them.
    }
  }

  watch(
    () => COUNTED.map((name) => texts()[name]).join("\0"),
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => void count(), PAUSE_MS);
    },
    { immediate: true },
  );
  onBeforeUnmount(() => {
    clearTimeout(timer);
  });

  const of = (name: FieldName): number | null => {
    const at = COUNTED.indexOf(name);
    return at < 0 ? null : (answer.value?.counts[at] ?? null);
  };
  const total = computed(() => IN_EVERY_PROMPT.reduce((sum, name) => sum + (of(name) ?? 0), 0));

  return {
    of,
    total,
    isExact: computed(() => answer.value?.exact ?? true),
    context: computed(() => answer.value?.context ?? 0),
    isKnown: computed(() => answer.value !== null),
  };
}

export type Tokens = ReturnType<typeof useTokens>;
