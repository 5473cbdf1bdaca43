/** Search over everything: opened from anywhere, asks the server while one types. */
import { defineStore } from "pinia";
import { ref, shallowRef, watch } from "vue";
import type { SearchResult } from "../wire/protocol";
import { rest, troubleRef } from "../wire/rest";

const PAUSE_MS = 140;
const AGAIN_MS = 1_000;

export const useSearch = defineStore("search", () => {
  const isOpen = ref(false);
  const text = ref("");
  const result = shallowRef<SearchResult | null>(null);
  const trouble = troubleRef();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;

  watch(text, () => {
    clearTimeout(timer);
    asked += 1;
    if (text.value.trim() === "") result.value = null;
    else timer = setTimeout(() => void ask(), PAUSE_MS);
  });

  /** An answer that comes when something else was typed is nobody's. */
  async function ask(): Promise<void> {
    const mine = (asked += 1);
    try {
      const found = await rest.search(text.value);
      if (mine !== asked) return;
      result.value = found;
      trouble.value = "";
      if (found.waiting > 0 && isOpen.value) timer = setTimeout(() => void ask(), AGAIN_MS);
    } catch (error) {
      if (mine === asked) trouble.value = error;
    }
  }

  function open(): void {
    isOpen.value = true;
    if (text.value.trim() !== "") void ask(); // what was said meanwhile
  }

  function close(): void {
    clearTimeout(timer);
    isOpen.value = false;
  }

  function reset(): void {
    close();
    text.value = "";
    result.value = null;
  }

  return { isOpen, text, result, trouble, open, close, reset };
});
