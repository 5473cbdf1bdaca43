/** Unsaved work is not left by accident: the page asks, and the browser does. */
import { onBeforeUnmount, shallowRef } from "vue";
import { onBeforeRouteLeave, onBeforeRouteUpdate } from "vue-router";

export function useLeaving(isUnsaved: () => boolean, keep: () => void) {
  const answer = shallowRef<((leaves: boolean) => void) | null>(null);

  function ask(): true | Promise<boolean> {
    if (!isUnsaved()) return true;
    keep();
    return new Promise((resolve) => {
      answer.value = resolve;
    });
  }
  onBeforeRouteLeave(ask);
  onBeforeRouteUpdate(ask);

  function unloading(event: BeforeUnloadEvent): void {
    keep(); // it is back after a reload, so nobody needs to be asked
    if (isUnsaved() && !storesDrafts()) event.preventDefault();
  }
  addEventListener("beforeunload", unloading);
  onBeforeUnmount(() => {
    removeEventListener("beforeunload", unloading);
  });

  function leave(leaves: boolean): void {
    answer.value?.(leaves);
    answer.value = null;
  }

  return { isAsked: answer, leave };
}

function storesDrafts(): boolean {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith("samovar.draft.card."));
  } catch {
    return false;
  }
}
