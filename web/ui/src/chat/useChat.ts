/** One conversation on the page: what is shown of it, and what one can do with it. */
import { computed, onBeforeUnmount, ref, watch } from "vue";
import { useConversations } from "../conversations/useConversations";
import { useCharacters } from "../gallery/useCharacters";
import { useTable } from "../group/useTable";
import { refusalLine } from "../messages/refusals";
import { lacksBefore, shownPath, unopened, type Shown } from "../wire/conversation";
import { useWire } from "../wire/useWire";
import { useChats } from "./useChats";

export interface Companion {
  readonly name: string;
  readonly portrait: string;
  readonly tagline: string;
}

export type Chat = ReturnType<typeof useChat>;

export function useChat(id: string) {
  const chats = useChats();
  const wire = useWire();
  const characters = useCharacters();
  const conversations = useConversations();

  chats.open(id);
  onBeforeUnmount(() => {
    chats.close(id);
  });

  const state = computed(() => chats.chats.get(id) ?? unopened(id));
  /** The message that a new branch is begun from, while it is being written. */
  const branch = ref("");
  const whole = computed(() => shownPath(state.value));
  const path = computed(() => {
    const at = branch.value === "" ? -1 : whole.value.findIndex((message) => message.id === branch.value);
    return at < 0 ? whole.value : whole.value.slice(0, at + 1);
  });
  const live = computed(() => state.value.live);
  watch(live, (now) => {
    if (now) branch.value = "";
  });
  const last = computed(() => path.value.at(-1));
  const pending = computed(() => chats.outbox[id] ?? null);
  const problem = computed(() => {
    const why = chats.problems[id];
    return why ? refusalLine(why) : "";
  });
  /** The message that is on its way to the server, or was refused. */
  const unsent = computed(() => {
    const waits = pending.value;
    if (waits?.command.type !== "send") return null;
    return { text: waits.command.text, sent: waits.sent, refusal: waits.refusal ? refusalLine(waits.refusal) : "" };
  });
  const isBusy = computed(() => live.value !== null || (pending.value !== null && pending.value.refusal === null));
  /** Whether one may ask for something now. */
  const canAct = computed(() => wire.isUp && state.value.phase === "open" && !state.value.stale && !isBusy.value);
  const canSend = computed(() => state.value.phase === "open" && !isBusy.value);

  const table = useTable(id, state);

  const companion = computed<Companion>(() => {
    if (table.isGroup.value) return { name: state.value.title, portrait: "", tagline: table.names.value };
    const character = characters.list.find((one) => one.version === state.value.characterVersion);
    const listed = conversations.find(id);
    const name = character?.name ?? listed?.character_name ?? state.value.title;
    return { name, portrait: character?.portrait ?? listed?.portrait ?? "", tagline: character?.tagline ?? "" };
  });

  /** The generation whose stop was asked for. */
  const stopping = ref("");
  watch(live, (now) => {
    if (now?.generation !== stopping.value) stopping.value = "";
  });

  const request = () => ({ conversation: id, request_key: crypto.randomUUID() });

  function send(text: string): void {
    // The parent is named, so that the message is known again after a cut.
    const parent = last.value?.id ?? state.value.head;
    chats.post({ type: "send", ...request(), text, parent, ...table.takePicked() });
  }

  /** Another reply beside this one: by the same character, or by the member of that version. */
  function regenerate(message: Shown, speaker?: string, hint = ""): void {
    const by = speaker === undefined ? {} : { speaker };
    if (canAct.value) chats.post({ type: "regenerate", ...request(), message: message.id, hint, ...by });
  }

  /** Whoever was picked speaks, or somebody does, though the person has said nothing. */
  function speak(): void {
    const parent = last.value?.id ?? state.value.head;
    if (canAct.value) chats.post({ type: "speak", ...request(), parent, ...table.takePicked() });
  }

  function goOn(message: Shown): void {
    if (canAct.value) chats.post({ type: "continue", ...request(), message: message.id });
  }

  function edit(message: Shown, text: string, inPlace = false): void {
    if (canAct.value) chats.post({ type: "edit", ...request(), message: message.id, text, in_place: inPlace });
  }

  /** The model writes what the reader might say, going on from `text`. */
  function impersonate(text: string): void {
    if (canAct.value) chats.post({ type: "impersonate", ...request(), text });
  }

  // -- the tree -----------------------------------------------------------------------------------

  /** What was removed last, and what was shown then. */
  const removed = ref<{ readonly message: string; readonly head: string } | null>(null);

  function remove(message: string, isBranch: boolean): void {
    const { head } = state.value;
    if (canAct.value && chats.tell({ type: "remove", conversation: id, message, branch: isBranch })) {
      removed.value = { message, head };
    }
  }

  function restore(message: string, head: string | null = null): void {
    if (canAct.value && chats.tell({ type: "restore", conversation: id, message, head })) removed.value = null;
  }

  function undo(): void {
    if (removed.value) restore(removed.value.message, removed.value.head);
  }

  function bookmark(message: string, name: string): void {
    if (canAct.value) chats.tell({ type: "bookmark", conversation: id, message, name });
  }

  const sought = ref("");
  /** The message that was looked for and is here now. */
  const found = ref("");

  let isSelected = false;
  /** Show this message, on whatever branch it is and however old. */
  function seek(message: string): void {
    branch.value = "";
    found.value = "";
    sought.value = message;
    isSelected = false;
    look();
  }

  function hasSought(): boolean {
    if (!state.value.messages.some((message) => message.id === sought.value)) return false;
    found.value = sought.value;
    sought.value = "";
    return true;
  }

  const AT_ONCE = 400;
  function look(): void {
    if (sought.value === "" || state.value.stale || hasSought()) return;
    if (!isSelected) isSelected = chats.tell({ type: "select", conversation: id, message: sought.value, keep: true });
    else if (lacksBefore(state.value) === null) sought.value = "";
    else chats.older(id, AT_ONCE);
  }
  watch(state, look);

  function stop(): void {
    if (live.value && chats.tell({ type: "stop", conversation: id, generation: live.value.generation })) {
      stopping.value = live.value.generation;
    }
  }

  /** Show the version beside this one: -1 the one before, 1 the one after. */
  function step(message: Shown, by: -1 | 1): boolean {
    const other = message.siblings[message.siblings.indexOf(message.id) + by];
    if (other === undefined || !canAct.value) return false;
    return chats.tell({ type: "select", conversation: id, message: other });
  }

  return {
    id,
    state,
    path,
    branch,
    removed,
    sought,
    found,
    live,
    last,
    unsent,
    problem,
    isBusy,
    canAct,
    canSend,
    companion,
    isGroup: table.isGroup,
    seats: table.seats,
    picked: table.picked,
    next: table.next,
    pick: table.pick,
    /** Who says a message, or is saying it. */
    speakerOf: (version: string): Companion => table.seatOf(version) ?? companion.value,
    speak,
    isStopping: computed(() => stopping.value !== ""),
    send,
    regenerate,
    goOn,
    edit,
    impersonate,
    remove,
    restore,
    undo,
    bookmark,
    seek,
    older: () => {
      chats.older(id);
    },
    branchFrom: (message: string) => {
      branch.value = message;
    },
    purge: () => canAct.value && chats.tell({ type: "purge", conversation: id }),
    stop,
    step,
    sendAgain: () => {
      chats.postAgain(id);
    },
    takeBack: () => {
      chats.takeBack(id);
    },
    dismiss: () => {
      chats.dismiss(id);
    },
    openAgain: () => {
      chats.askAgain(id);
    },
  };
}
