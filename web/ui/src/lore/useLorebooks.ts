/** The user's lorebooks: the list, and what becomes of files that are brought. */
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";
import type { ImportedLorebook, Lorebook, Persona, Scope } from "../wire/protocol";
import { rest, textOf, troubleRef } from "../wire/rest";

export const useLorebooks = defineStore("lorebooks", () => {
  const list = shallowRef<readonly Lorebook[]>([]);
  const state = ref<"empty" | "loaded" | "failed">("empty");
  const trouble = troubleRef();
  const removed = shallowRef<Lorebook | null>(null); // the last one, which can come back
  const reports = shallowRef<readonly ImportedLorebook[]>([]);
  const personas = shallowRef<readonly Persona[]>([]); // what a book can be attached to
  const opening = ref(""); // the file that is being opened

  async function load(): Promise<void> {
    try {
      [list.value, personas.value] = await Promise.all([rest.lorebooks(), rest.personas()]);
      state.value = "loaded";
    } catch (error) {
      trouble.value = error;
      if (list.value.length === 0) state.value = "failed";
    }
  }

  function put(book: Lorebook): void {
    const others = list.value.filter((one) => one.id !== book.id);
    list.value = [...others, book].sort((a, b) => a.name.localeCompare(b.name));
  }

  async function make(name: string): Promise<Lorebook> {
    const book = await rest.makeLorebook(name);
    put(book);
    return book;
  }

  async function bring(files: readonly File[]): Promise<void> {
    if (opening.value !== "") return;
    reports.value = [];
    for (const file of files) {
      opening.value = file.name;
      let report: ImportedLorebook;
      try {
        report = await rest.bringLorebook(file);
      } catch (error) {
        report = { name: file.name, status: "refused", why: textOf(error), warnings: [], book: null, book_name: "", entries: 0, code: "", facts: [] };
      }
      reports.value = [...reports.value, report];
    }
    opening.value = "";
    await load();
  }

  async function rename(book: Lorebook, name: string): Promise<void> {
    put(await rest.changeLorebook(book.id, { name }));
  }

  async function attach(book: Lorebook, scope: Scope, target: string | null, attached: boolean): Promise<void> {
    put(await rest.attachLorebook(book.id, { scope, target, attached }));
  }

  async function remove(book: Lorebook): Promise<void> {
    await rest.changeLorebook(book.id, { removed: true });
    list.value = list.value.filter((one) => one.id !== book.id);
    removed.value = book;
  }

  async function undo(): Promise<void> {
    const book = removed.value;
    if (!book) return;
    removed.value = null;
    await rest.changeLorebook(book.id, { removed: false });
    await load();
  }

  return { list, state, trouble, removed, reports, personas, opening, load, put, make, bring, rename, attach, remove, undo };
});
