/** Files that become characters: one after the other, with a report of each. */
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import { words } from "../messages/words";
import type { ImportedFile } from "../wire/protocol";
import { RefusedError, rest, textOf } from "../wire/rest";
import { useCharacters } from "./useCharacters";

/** A file, or one that is read when its turn comes. */
export type Coming = File | { readonly name: string; readonly file: () => Promise<File> };

const BUSY_MS = 2_000;
const TRIES = 30;

export const useImport = defineStore("import", () => {
  const reports = shallowRef<readonly ImportedFile[]>([]);
  const all = ref(0);
  const isOpen = ref(false);
  const waiting: Coming[] = [];
  const isRunning = ref(false);
  const done = computed(() => reports.value.length);

  /** Bring these too; what is under way goes on. */
  async function bring(files: readonly Coming[]): Promise<void> {
    if (files.length === 0) return;
    if (!isRunning.value) {
      reports.value = [];
      all.value = 0;
    }
    waiting.push(...files);
    all.value += files.length;
    isOpen.value = true;
    if (!isRunning.value) await run();
  }

  async function run(): Promise<void> {
    isRunning.value = true;
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const report = await read(next);
      reports.value = [...reports.value, report];
    }
    isRunning.value = false;
    await useCharacters().load();
  }

  async function read(coming: Coming): Promise<ImportedFile> {
    if (coming instanceof File) return broughtIn(coming);
    let file: File;
    try {
      file = await coming.file();
    } catch {
      return failed(coming, words.library.unreadable);
    }
    return broughtIn(file);
  }

  async function broughtIn(file: File): Promise<ImportedFile> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await rest.bring(file);
      } catch (error) {
        const comesAgain = error instanceof RefusedError && ["busy", "too_many"].includes(error.refusal.code);
        if (!comesAgain || tried === TRIES || !isOpen.value) return failed(file, textOf(error));
        await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      }
    }
  }

  const failed = (file: Coming, why: string): ImportedFile => ({
    name: file.name, status: "refused", why, warnings: [], character: null, version: null, character_name: "", code: "", facts: [],
  }); // prettier-ignore

  /** Those that wait are not brought; what came in stays. */
  function close(): void {
    all.value -= waiting.length;
    waiting.length = 0;
    isOpen.value = false;
  }

  return { reports, all, done, isOpen, isRunning, bring, close };
});
