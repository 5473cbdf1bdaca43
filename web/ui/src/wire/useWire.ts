/** The one line of this page, and what the server says of itself on it. */
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import { Line, type Dialled, type Heard, type LineState } from "./line";
import type { ClientFrame, NodeState } from "./protocol";

type Listener = (frame: Heard) => void;

const dial = (): Dialled => {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return new WebSocket(`${scheme}://${location.host}/ws`) as unknown as Dialled;
};

export const useWire = defineStore("wire", () => {
  const state = shallowRef<LineState>({ at: "closed" });
  const node = shallowRef<NodeState | null>(null);
  /** What this user is on the node: "user", "admin" or "owner"; "" while there is no connection. */
  const role = ref("");
  /** Counts the connections: each one needs every conversation opened again. */
  const connections = ref(0);
  const listeners = new Set<Listener>();

  const isUp = computed(() => state.value.at === "up");

  const line = new Line(
    {
      stateChanged(next) {
        state.value = next;
        if (next.at === "up") return;
        node.value = null;
        role.value = "";
      },
      welcomed(welcome) {
        role.value = welcome.role;
        connections.value += 1;
      },
      heard(frame) {
        if (frame.type === "node_state") node.value = frame;
        else if (frame.type === "role_changed") role.value = frame.role;
        for (const listener of listeners) listener(frame);
      },
    },
    { dial, firstPauseMs: 250, longestPauseMs: 8_000, quickTries: 16, greetingMs: 10_000 },
  );

  /** The network is back, or somebody looks: no need to wait for the end of a pause. */
  function hurry(): void {
    if (state.value.at === "pausing" && !document.hidden) line.open();
  }
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  addEventListener("offline", () => {
    line.lost();
  });

  const send = (frame: ClientFrame): boolean => line.send(frame);
  const open = (): void => {
    line.open();
  };
  const close = (): void => {
    line.close();
  };
  const listen = (listener: Listener): void => {
    listeners.add(listener);
  };

  return { state, node, role, connections, isUp, open, close, send, listen };
});
