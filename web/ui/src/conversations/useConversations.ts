/** The list of the user's conversations, last used first. */
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";
import type { Conversation, ConversationMade } from "../wire/protocol";
import { rest, troubleRef } from "../wire/rest";
import { useWire } from "../wire/useWire";

export const useConversations = defineStore("conversations", () => {
  const list = shallowRef<readonly Conversation[]>([]);
  const state = ref<"empty" | "loaded" | "failed">("empty");
  const trouble = troubleRef();
  let fetching: Promise<void> | null = null;
  let isOld = false;

  useWire().listen((frame) => {
    if (frame.type === "conversations_changed") void load();
  });

  /** One request at a time; what changes meanwhile is fetched after it. */
  async function load(): Promise<void> {
    if (fetching) {
      isOld = true;
      return fetching;
    }
    fetching = fetchList();
    await fetching;
    fetching = null;
    if (isOld) {
      isOld = false;
      await load();
    }
  }

  async function fetchList(): Promise<void> {
    try {
      list.value = await rest.conversations();
      state.value = "loaded";
      trouble.value = "";
    } catch (error) {
      trouble.value = error;
      if (state.value === "empty") state.value = "failed";
    }
  }

  function reset(): void {
    list.value = [];
    state.value = "empty";
  }

  const find = (id: string): Conversation | undefined => list.value.find((conversation) => conversation.id === id);

  /** Begin a conversation; gives its id. */
  async function begin(characterVersion: string, greeting = 0, persona: string | null = null): Promise<string> {
    return made(await rest.begin({ character_version: characterVersion, greeting, persona, ...clock() }));
  }

  /** The same with several characters. */
  async function beginGroup(versions: readonly [string, ...string[]], allGreet: boolean): Promise<string> {
    const group = { members: versions.map((version) => ({ version })) };
    return made(await rest.begin({ character_version: versions[0], group, all_greet: allGreet, ...clock() }));
  }

  /** For greetings that tell the time. */
  const clock = (): { utc_offset_min: number } => ({ utc_offset_min: -new Date().getTimezoneOffset() });

  function made({ id }: ConversationMade): string {
    void load();
    return id;
  }

  /** As it will be: what the server has comes behind it. */
  function put(changed: Conversation): void {
    list.value = list.value.map((conversation) => (conversation.id === changed.id ? changed : conversation));
  }

  async function rename(id: string, title: string): Promise<void> {
    await rest.rename(id, { title });
    await load();
  }

  async function remove(id: string): Promise<void> {
    await rest.remove(id);
    list.value = list.value.filter((conversation) => conversation.id !== id);
    void load();
  }

  return { list, state, trouble, load, reset, find, begin, beginGroup, put, rename, remove };
});
