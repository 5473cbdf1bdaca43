/** The characters that the user sees. */
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";
import { words } from "../messages/words";
import type { Character, CharacterChange } from "../wire/protocol";
import { rest, troubleRef } from "../wire/rest";

export const useCharacters = defineStore("characters", () => {
  const list = shallowRef<readonly Character[]>([]);
  const state = ref<"empty" | "loaded" | "failed">("empty");
  const trouble = troubleRef();
  const removed = shallowRef<Character | null>(null); // the last one, which can come back

  async function load(): Promise<void> {
    try {
      list.value = await rest.characters();
      state.value = "loaded";
    } catch (error) {
      trouble.value = error;
      if (list.value.length === 0) state.value = "failed";
    }
  }

  /** Shown at once; what the server then refuses is shown as it is there. */
  async function change(character: Character, wanted: CharacterChange): Promise<void> {
    const changed = {
      ...character,
      shared: wanted.shared ?? character.shared,
      favourite: wanted.favourite ?? character.favourite,
    };
    list.value = list.value.map((one) => (one.id === character.id ? changed : one));
    try {
      await rest.changeCharacter(character.id, wanted);
    } catch (error) {
      await load();
      throw error;
    }
  }

  async function remove(character: Character): Promise<void> {
    await rest.changeCharacter(character.id, { removed: true });
    list.value = list.value.filter((one) => one.id !== character.id);
    removed.value = character;
  }

  /** A character of one's own that is like this one; its id. */
  async function copy(character: Character): Promise<string> {
    const { character: id } = await rest.newCharacter({ base: character.version, name: words.editor.copyOf(character.name) });
    await load();
    return id;
  }

  async function undo(): Promise<void> {
    const character = removed.value;
    if (!character) return;
    removed.value = null;
    await rest.changeCharacter(character.id, { removed: false });
    await load();
  }

  return { list, state, trouble, removed, load, change, remove, copy, undo };
});
