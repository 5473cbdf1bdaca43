/** The characters of this node. */
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";
import type { Character } from "../wire/protocol";
import { rest, troubleRef } from "../wire/rest";

export const useCharacters = defineStore("characters", () => {
  const list = shallowRef<readonly Character[]>([]);
  const state = ref<"empty" | "loaded" | "failed">("empty");
  const trouble = troubleRef();

  async function load(): Promise<void> {
    try {
      list.value = await rest.characters();
      state.value = "loaded";
    } catch (error) {
      trouble.value = error;
      if (list.value.length === 0) state.value = "failed";
    }
  }

  return { list, state, trouble, load };
});
