/** The GPU boxes of this node, for its owner. */
import { defineStore } from "pinia";
import { computed, shallowRef } from "vue";
import type { BoxFacts, BoxList } from "../wire/protocol";
import { rest, troubleRef } from "../wire/rest";
import { useWire } from "../wire/useWire";

export type BoxState = "ready" | "starting" | "silent" | "away" | "draining" | "drained" | "revoked";

export const useBoxes = defineStore("boxes", () => {
  const list = shallowRef<BoxList | null>(null);
  const trouble = troubleRef();
  const wire = useWire();

  const present = computed(() => list.value?.boxes.filter((box) => box.revoked_ms === 0) ?? []);
  const revoked = computed(() => list.value?.boxes.filter((box) => box.revoked_ms > 0) ?? []);

  function stateOf(box: BoxFacts): BoxState {
    if (box.revoked_ms > 0) return "revoked";
    const state = wire.node?.workers.find((worker) => worker.name === box.name)?.state;
    switch (state) {
      case "ready":
      case "starting":
      case "silent":
      case "draining":
      case "drained":
        return state;
      default:
        return "away";
    }
  }

  async function load(): Promise<void> {
    try {
      list.value = await rest.boxes();
      trouble.value = "";
    } catch (error) {
      trouble.value = error;
    }
  }

  async function rename(box: BoxFacts, name: string): Promise<void> {
    await rest.renameBox(box.id, { name });
    await load();
  }

  async function revoke(box: BoxFacts): Promise<void> {
    await rest.revokeBox(box.id);
    await load();
  }

  async function withdraw(): Promise<void> {
    try {
      await rest.withdrawOffer();
      await load();
    } catch (error) {
      trouble.value = error;
    }
  }

  return { list, trouble, present, revoked, stateOf, load, rename, revoke, withdraw };
});
