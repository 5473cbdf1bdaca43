/** The group of one conversation: who sits at the table, and whom the person picked to speak next. */
import { computed, ref, watch, type ComputedRef } from "vue";
import { useConversations } from "../conversations/useConversations";
import { useCharacters } from "../gallery/useCharacters";
import { words } from "../messages/words";
import type { Conversation } from "../wire/conversation";
import { nextInOrder, seatsOf, type Seat } from "./cast";

export function useTable(id: string, state: ComputedRef<Conversation>) {
  const characters = useCharacters();
  const conversations = useConversations();

  const group = computed(() => state.value.group);
  const seats = computed<readonly Seat[]>(() =>
    group.value ? seatsOf(group.value, characters.list, conversations.find(id)?.members ?? []) : [],
  );
  const present = computed(() => seats.value.filter((seat) => !seat.left));
  /** Who is there, unless the title says it. */
  const names = computed(() => {
    const each = present.value.map((seat) => seat.name);
    return each.every((name) => state.value.title.includes(name)) ? "" : words.group.together(each);
  });
  const last = computed(() => state.value.messages.findLast((message) => message.role === "assistant")?.speaker ?? "");

  /** The version of the one who is to speak next, "" where the turns decide. */
  const picked = ref("");
  watch(present, (now) => {
    if (!now.some((seat) => seat.version === picked.value)) picked.value = "";
  });
  const next = computed(() => picked.value || (group.value ? nextInOrder(group.value, last.value) : ""));

  function pick(version: string): void {
    picked.value = picked.value === version ? "" : version;
  }

  /** For the request that is sent now: a choice holds once. */
  function takePicked(): { speaker?: string } {
    const speaker = picked.value;
    picked.value = "";
    return speaker === "" ? {} : { speaker };
  }

  return {
    isGroup: computed(() => group.value !== null),
    seats,
    names,
    picked,
    next,
    pick,
    takePicked,
    seatOf: (version: string): Seat | undefined => seats.value.find((seat) => seat.version === version),
  };
}
