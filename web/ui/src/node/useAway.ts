/** What is away, and since when it deserves a word: a blip does not. */
import { computed, onBeforeUnmount, ref, watch } from "vue";
import { useNode } from "./useNode";

const GRACE_MS = 1_200;

export type Away = "" | "line" | "refused" | "starting" | "drained" | "worker";

export function useAway() {
  const { wire, health } = useNode();
  const now = computed<Away>(() => {
    if (wire.state.at === "refused") return "refused";
    if (!wire.isUp) return wire.connections === 0 && wire.state.at === "dialling" ? "" : "line";
    if (health.value === "starting" || health.value === "drained") return health.value;
    return health.value === "away" || health.value === "silent" ? "worker" : "";
  });
  const away = ref<Away>("");
  let timer: ReturnType<typeof setTimeout> | undefined;

  watch(
    now,
    (what) => {
      clearTimeout(timer);
      if (what === "" || what === "refused" || away.value !== "") away.value = what;
      else
        timer = setTimeout(() => {
          away.value = what;
        }, GRACE_MS);
    },
    { immediate: true },
  );
  onBeforeUnmount(() => {
    clearTimeout(timer);
  });

  return { away, wire };
}
