/** One conversation on the page: what is shown of it, and what one can do with it. */
import { computed, onBeforeUnmount, ref, watch } from "vue";
import { useConversations } from "../conversations/useConversations";
import { useCharacters } from "../gallery/useCharacters";
import { useTable } from "../group/useTable";
import { refusalLine } from "../messages/refusals";
import { shownPath, unopened, type Shown } from "../wire/conversation";
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
  const path = computed(() => shownPath(state.value));
  const live = computed(() => state.value.live);
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
  function regenerate(message: Shown, speaker?: string): void {
    const by = speaker === undefined ? {} : { speaker };
    if (canAct.value) chats.post({ type: "regenerate", ...request(), message: message.id, ...by });
  }

  /** Whoever was picked speaks, or somebody does, though the person has said nothing. */
  function speak(): void {
    const parent = last.value?.id ?? state.value.head;
    if (canAct.value) chats.post({ type: "speak", ...request(), parent, ...table.takePicked() });
  }

  function goOn(message: Shown): void {
    if (canAct.value) chats.post({ type: "continue", ...request(), message: message.id });
  }

  function edit(message: Shown, text: string): void {
    if (canAct.value) chats.post({ type: "edit", ...request(), message: message.id, text });
  }

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

  /** Show the branch that the message stands on. */
  function show(message: string): void {
    chats.tell({ type: "select", conversation: id, message });
  }

  return {
    id,
    state,
    path,
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
    stop,
    step,
    show,
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
