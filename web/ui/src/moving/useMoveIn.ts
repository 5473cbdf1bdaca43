/** A folder of SillyTavern that moves in: its list first, then the files that are wanted, piece by piece; a report at the end. */
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import { useConversations } from "../conversations/useConversations";
import { useCharacters } from "../gallery/useCharacters";
import { useImport } from "../gallery/useImport";
import { words } from "../messages/words";
import type { Move, MoveReport } from "../wire/protocol";
import { RefusedError, rest, troubleRef, UnreachableError } from "../wire/rest";
import { cardsAmong, fileOf, type SourceFile } from "./source";
import { NoZipError } from "./zip";

export type Phase = "choosing" | "listing" | "sending" | "ending" | "done";

const PAUSE_MS = 2_000;
const TRIES = 60;
const BEGINNINGS = 3;

/** The move is over on the server, which was started anew or has waited for too long. */
class GoneError extends Error {}

export const useMoveIn = defineStore("moveIn", () => {
  const isOpen = ref(false);
  const phase = ref<Phase>("choosing");
  const done = ref(0);
  const all = ref(0);
  const current = ref("");
  const report = shallowRef<MoveReport | null>(null);
  const isAgain = ref(false); // it had to begin anew
  const thrown = troubleRef();
  const isZipBroken = ref(false);
  const trouble = computed(() => (isZipBroken.value ? words.moving.brokenZip : thrown.value));
  const isRunning = computed(() => ["listing", "sending", "ending"].includes(phase.value));
  let stopped = false;

  /** `files` are being listed still; they are sent in the order that the server wants. Where they are no data
   * folder, those that are called as cards are go the way of cards that were dropped. */
  async function begin(files: Promise<SourceFile[]>): Promise<void> {
    if (isRunning.value) return;
    [stopped, thrown.value, isZipBroken.value, isAgain.value, report.value] = [false, "", false, false, null];
    [isOpen.value, phase.value, done.value, all.value] = [true, "listing", 0, 0];
    addEventListener("beforeunload", hold);
    let found: readonly SourceFile[] = [];
    let cards: readonly SourceFile[] = [];
    try {
      found = await files;
      report.value = await moved(found);
      phase.value = "done";
    } catch (error) {
      phase.value = "choosing";
      cards = cardsInstead(error, found);
      if (cards.length > 0) isOpen.value = false;
      else if (error instanceof NoZipError) isZipBroken.value = true;
      else thrown.value = error;
    } finally {
      removeEventListener("beforeunload", hold);
      await Promise.all([useCharacters().load(), useConversations().load()]);
    }
    if (cards.length > 0) await useImport().bring(cards.map((card) => ({ name: card.path, file: () => fileOf(card) })));
  }

  const cardsInstead = (error: unknown, found: readonly SourceFile[]): readonly SourceFile[] =>
    !stopped && error instanceof RefusedError && error.refusal.code === "no_folder" ? cardsAmong(found) : [];

  /** The browser asks before the page is left in the middle. */
  function hold(event: BeforeUnloadEvent): void {
    event.preventDefault();
  }

  async function moved(files: readonly SourceFile[]): Promise<MoveReport> {
    for (let beginning = 1; ; beginning += 1) {
      const move = await persistently(() => rest.beginMove({ files: files.map(({ path, size }) => [path, size]) }));
      [phase.value, done.value, all.value] = ["sending", 0, move.files.length];
      try {
        for (const number of move.files) {
          if (stopped) break;
          await send(move, number, files[number]);
          done.value += 1;
        }
        phase.value = "ending";
        return await persistently(() => rest.endMove(move.id));
      } catch (error) {
        if (!(error instanceof GoneError) || beginning === BEGINNINGS) throw error;
        isAgain.value = true;
      }
    }
  }

  async function send(move: Move, number: number, file: SourceFile | undefined): Promise<void> {
    current.value = file?.path ?? "";
    let data: Blob;
    try {
      if (!file) throw new NoZipError();
      data = await file.blob();
      await data.slice(0, 1).arrayBuffer(); // a file that is gone says so here
    } catch {
      await persistently(() => rest.moveUnread(move.id, number));
      return;
    }
    for (let at = 0; at === 0 || at < data.size; ) {
      const from = at;
      const piece = data.slice(from, from + move.piece_bytes);
      try {
        await persistently(() => rest.movePiece(move.id, number, from, piece));
        at = from + move.piece_bytes;
      } catch (error) {
        if (!(error instanceof RefusedError) || error.refusal.code !== "move_piece") throw error;
        at = error.refusal.limit;
      }
    }
  }

  /** Until the server answers: it may be busy, or started anew. */
  async function persistently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof RefusedError && (error.status === 404 || error.refusal.code === "move_order")) throw new GoneError();
        const mayPass = error instanceof UnreachableError || (error instanceof RefusedError && error.status >= 500);
        if (!mayPass || stopped || tried === TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  /** After the file that is under way; what came in stays. */
  function stop(): void {
    stopped = true;
  }

  function open(): void {
    isOpen.value = true;
    if (phase.value === "done") phase.value = "choosing";
  }

  /** A move that is under way goes on. */
  function close(): void {
    isOpen.value = false;
  }

  return { isOpen, phase, done, all, current, report, isAgain, trouble, isRunning, begin, stop, open, close };
});
