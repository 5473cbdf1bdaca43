/** What is written and not sent, kept for each conversation. */
import { ref, watch } from "vue";

const keyOf = (conversation: string): string => `samovar.draft.${conversation}`;

export function useDraft(conversation: string) {
  const key = keyOf(conversation);
  const draft = ref(read(key));
  watch(draft, (text) => {
    write(key, text);
  });
  return draft;
}

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return ""; // storage is forbidden
  }
}

function write(key: string, text: string): void {
  try {
    if (text === "") localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // Storage is full or forbidden: the draft lives as long as the page.
  }
}

/** At the end of a login, and of a conversation. */
export function forgetDrafts(conversation?: string): void {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(keyOf(conversation ?? "")));
  for (const key of keys) localStorage.removeItem(key);
}
