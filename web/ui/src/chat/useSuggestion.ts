/** What the model wrote for the reader to say comes into the box once, to be changed, sent or thrown away. */
import { watch, type Ref } from "vue";
import type { Suggestion } from "../wire/protocol";

const keyOf = (conversation: string): string => `samovar.suggestion.${conversation}`;

export function useSuggestion(conversation: string, suggestion: Readonly<Ref<Suggestion | null>>, draft: Ref<string>): void {
  let given = "";
  watch(
    suggestion,
    (now) => {
      if (now === null) {
        // Something was said meanwhile, perhaps on another page: what nobody has changed is out of date.
        if (given !== "" && draft.value === given) draft.value = "";
        given = "";
      } else if (taken(conversation) !== now.generation) {
        take(conversation, now.generation);
        given = now.text;
        draft.value = now.text;
      }
    },
    { immediate: true },
  );
}

function taken(conversation: string): string {
  try {
    return localStorage.getItem(keyOf(conversation)) ?? "";
  } catch {
    return ""; // storage is forbidden
  }
}

function take(conversation: string, generation: string): void {
  try {
    localStorage.setItem(keyOf(conversation), generation);
  } catch {
    // Storage is forbidden: it comes once more with the next page.
  }
}
