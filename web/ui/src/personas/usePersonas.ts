/** Who the user can be in conversations. */
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";
import type { Persona, PersonaChange } from "../wire/protocol";
import { rest, troubleRef } from "../wire/rest";

/** As a conversation's persona: the user as they are. */
export const NOBODY = "00000000-0000-0000-0000-000000000000";

export interface PersonaDraft {
  readonly name: string;
  readonly description: string;
  readonly standard: boolean;
  /** A new picture, "" for none at all; null: as it is. */
  readonly picture: File | "" | null;
}

export const usePersonas = defineStore("personas", () => {
  const list = shallowRef<readonly Persona[]>([]);
  const state = ref<"empty" | "loaded" | "failed">("empty");
  const trouble = troubleRef();
  const removed = shallowRef<Persona | null>(null); // the last one, which can come back

  async function load(): Promise<void> {
    try {
      list.value = await rest.personas();
      state.value = "loaded";
      trouble.value = "";
    } catch (error) {
      trouble.value = error;
      if (state.value === "empty") state.value = "failed";
    }
  }

  const find = (id: string | null): Persona | undefined => list.value.find((one) => one.id === id);

  /** A new persona, or one that is there as it is to be. */
  async function save(old: Persona | null, draft: PersonaDraft): Promise<void> {
    try {
      const { name, description } = draft;
      const id = old?.id ?? (await rest.newPersona({ name, description })).id;
      const change: PersonaChange = { ...(old ? { name, description } : {}) };
      if (draft.standard !== (old?.standard ?? false)) change.standard = draft.standard;
      if (Object.keys(change).length > 0) await rest.changePersona(id, change);
      if (draft.picture === "") await rest.dropPicture(id);
      else if (draft.picture) await rest.setPicture(id, draft.picture);
    } finally {
      await load();
    }
  }

  async function remove(persona: Persona): Promise<void> {
    await rest.changePersona(persona.id, { removed: true });
    removed.value = persona;
    await load();
  }

  async function undo(): Promise<void> {
    const persona = removed.value;
    if (!persona) return;
    removed.value = null;
    await rest.changePersona(persona.id, { removed: false });
    await load();
  }

  return { list, state, trouble, removed, load, find, save, remove, undo };
});
