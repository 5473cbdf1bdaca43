/** How the computers that write the replies are, in a word for people. */
import { computed } from "vue";
import { useWire } from "../wire/useWire";

export type NodeHealth = "unknown" | "ready" | "starting" | "silent" | "drained" | "away";

export function useNode() {
  const wire = useWire();
  const workers = computed(() => wire.node?.workers ?? []);
  const health = computed<NodeHealth>(() => {
    if (!wire.node) return "unknown";
    for (const state of ["ready", "starting", "silent"] as const) {
      if (workers.value.some((worker) => worker.state === state)) return state;
    }
    return workers.value.some((worker) => worker.state === "draining" || worker.state === "drained") ? "drained" : "away";
  });
  const isDemonstration = computed(() => workers.value.length > 0 && workers.value.every((worker) => worker.demonstration));
  return { wire, workers, health, isDemonstration };
}
