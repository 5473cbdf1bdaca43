/** The queue as the owner sees and orders it. Each change is answered with the queue as it is then. */
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";
import type { QueueBox, QueueEntry, QueueMove, QueueUser, QueueView } from "../wire/protocol";
import { rest, textOf } from "../wire/rest";

export const useQueue = defineStore("queue", () => {
  const view = shallowRef<QueueView | null>(null);
  const trouble = ref("");
  let asked = 0;

  /** Of several answers that are on their way, the one to the newest question counts. */
  async function take(answer: Promise<QueueView>): Promise<void> {
    const mine = ++asked;
    try {
      const now = await answer;
      if (mine === asked) view.value = now;
      trouble.value = "";
    } catch (error) {
      trouble.value = textOf(error);
    }
  }

  const load = (): Promise<void> => take(rest.queue());
  const move = (entry: QueueEntry, to: QueueMove["to"]): Promise<void> => take(rest.moveReply(entry.id, { to }));
  const end = (entry: QueueEntry): Promise<void> => take(rest.endReply(entry.id));
  const drain = (box: QueueBox, drained: boolean): Promise<void> => take(rest.drainBox(box.id, { drained }));
  const give = (user: QueueUser, share: number): Promise<void> => take(rest.setShare(user.id, { share }));

  return { view, trouble, load, move, end, drain, give };
});
