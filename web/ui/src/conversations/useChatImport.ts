/** Files that become conversations: one after the other, with a report of each. */
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";
import type { ImportedChat } from "../wire/protocol";
import { rest, textOf } from "../wire/rest";
import { useConversations } from "./useConversations";

export interface Coming {
  readonly file: File;
  readonly report: ImportedChat | null; // null: not yet
}

export const useChatImport = defineStore("chatImport", () => {
  const coming = shallowRef<readonly Coming[]>([]);
  const isOpen = ref(false);
  const isRunning = ref(false);

  async function bring(files: readonly File[]): Promise<void> {
    if (files.length === 0) return;
    const before = isOpen.value ? coming.value : [];
    coming.value = [...before, ...files.map((file) => ({ file, report: null }))];
    isOpen.value = true;
    if (isRunning.value) return;
    isRunning.value = true;
    for (let at = next(); at >= 0; at = next()) await bringOne(at, "");
    isRunning.value = false;
    await useConversations().load();
  }

  const next = (): number => coming.value.findIndex((one) => one.report === null);

  /** Also once more, with the character that answers in it. */
  async function bringOne(at: number, character: string): Promise<void> {
    const { file } = coming.value[at] ?? {};
    if (!file) return;
    const report = await rest.bringChat(file, character).catch((error: unknown) => failed(file, textOf(error)));
    coming.value = coming.value.map((one) => (one.file === file ? { file, report } : one));
  }

  async function choose(at: number, character: string): Promise<void> {
    await bringOne(at, character);
    await useConversations().load();
  }

  const failed = (file: File, why: string): ImportedChat => ({
    name: file.name, status: "refused", why, warnings: [], conversation: null, title: "", character_name: "",
    messages: 0, versions: 0, code: "", facts: [],
  }); // prettier-ignore

  /** Those that wait are not brought; what came in stays. */
  function close(): void {
    coming.value = coming.value.filter((one) => one.report !== null);
    isOpen.value = false;
  }

  return { coming, isOpen, isRunning, bring, choose, close };
});
