/** What one can do with the summaries of a conversation. The page hears over its socket what came of it. */
import { ref } from "vue";
import { rest, troubleRef } from "../wire/rest";
import type { ShownSummary } from "../wire/protocol";

export function useSummaries(conversation: string) {
  const trouble = troubleRef();
  const isBusy = ref(false);
  const removed = ref<ShownSummary | null>(null);
  const isSaved = ref(false);

  async function act(what: () => Promise<unknown>): Promise<boolean> {
    if (isBusy.value) return false;
    isBusy.value = true;
    isSaved.value = false;
    trouble.value = "";
    try {
      await what();
      return true;
    } catch (error) {
      trouble.value = error;
      return false;
    } finally {
      isBusy.value = false;
    }
  }

  return {
    trouble,
    isBusy,
    removed,
    isSaved,
    save: async (upto: string, text: string) => {
      isSaved.value = await act(() => rest.saveSummary(conversation, upto, { text }));
    },
    anew: (upto: string) => act(() => rest.rewriteSummary(conversation, upto)),
    next: () => act(() => rest.summarise(conversation)),
    want: (wanted: boolean) => act(() => rest.wantSummaries(conversation, { wanted })),
    remove: async (summary: ShownSummary) => {
      if (await act(() => rest.removeSummary(conversation, summary.upto))) removed.value = summary;
    },
    undo: async () => {
      const { value: summary } = removed;
      if (summary && (await act(() => rest.saveSummary(conversation, summary.upto, { text: summary.text })))) removed.value = null;
    },
  };
}
