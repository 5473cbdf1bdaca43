/** How the user keeps conversations: folders, pins, tags, the archive; what was removed comes back. */
import { defineStore } from "pinia";
import { ref, shallowRef, watch } from "vue";
import type { Conversation, ConversationFiling, Folder } from "../wire/protocol";
import { rest, troubleRef } from "../wire/rest";
import { useWire } from "../wire/useWire";
import { ORDERS, type Look, type View } from "./arrange";
import { useConversations } from "./useConversations";

const KEY = "samovar.list";

export const useFiling = defineStore("filing", () => {
  const conversations = useConversations();
  const folders = shallowRef<readonly Folder[]>([]);
  const removedList = shallowRef<readonly Conversation[]>([]);
  /** The one that was removed last, while it can be undone here. */
  const removed = shallowRef<Conversation | null>(null);
  const view = ref<View>("all");
  const look = ref<Look>(kept());
  const trouble = troubleRef();
  /** The key of a heading that is to be in sight. */
  const sought = ref("");

  watch(look, (now) => {
    try {
      localStorage.setItem(KEY, JSON.stringify(now));
    } catch {
      // Storage is full or forbidden: it lasts as long as the page.
    }
  });
  watch(view, () => void load());

  useWire().listen((frame) => {
    if (frame.type === "conversations_changed") void load();
  });

  async function load(): Promise<void> {
    await tried(async () => {
      folders.value = await rest.folders();
      removedList.value = view.value === "removed" ? await rest.removedConversations() : [];
    });
  }

  /** What goes wrong is told in the list. */
  async function tried(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      trouble.value = "";
    } catch (error) {
      trouble.value = error;
    }
  }

  /** Shown at once, and fetched again behind it. */
  async function file(conversation: Conversation, change: Partial<ConversationFiling>): Promise<void> {
    const now = Date.now();
    const after = { ...conversation };
    if (change.pinned != null) after.pinned_ms = change.pinned ? now : 0;
    if (change.archived != null) after.archived_ms = change.archived ? now : 0;
    if (change.folder != null || change.loose) after.folder = change.folder ?? null;
    if (change.tags != null) after.tags = [...change.tags];
    conversations.put(after);
    await tried(() => rest.file(conversation.id, change));
    await conversations.load();
  }

  async function remove(conversation: Conversation): Promise<void> {
    await tried(async () => {
      await conversations.remove(conversation.id);
      removed.value = conversation;
    });
  }

  async function restore(conversation: Conversation): Promise<void> {
    removed.value = null;
    await tried(() => rest.restore(conversation.id));
    await Promise.all([conversations.load(), load()]);
  }

  async function newFolder(name: string): Promise<Folder> {
    const folder = await rest.newFolder({ name });
    await load();
    return folder;
  }

  async function renameFolder(id: string, name: string): Promise<void> {
    await rest.changeFolder(id, { name });
    await load();
  }

  const moveFolder = (id: string, position: number): Promise<void> =>
    tried(async () => {
      await rest.changeFolder(id, { position });
      await load();
    });

  const dropFolder = (id: string): Promise<void> =>
    tried(async () => {
      await rest.dropFolder(id);
      await Promise.all([conversations.load(), load()]);
    });

  /** A folder, or what has a tag, that somebody looks for. */
  function seek(folder: string, tag: string): void {
    view.value = "all";
    look.value = { ...look.value, tag, closed: look.value.closed.filter((one) => one !== folder) };
    sought.value = folder;
  }

  function toggle(key: string): void {
    const { closed } = look.value;
    look.value = { ...look.value, closed: closed.includes(key) ? closed.filter((one) => one !== key) : [...closed, key] };
  }

  return {
    folders, removedList, removed, view, look, trouble, sought, seek,
    load, file, remove, restore, newFolder, renameFolder, moveFolder, dropFolder, toggle,
  }; // prettier-ignore
});

function kept(): Look {
  const fresh: Look = { order: "used", tag: "", closed: [] };
  try {
    const { order, closed } = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Look>;
    return {
      ...fresh,
      order: order && ORDERS.includes(order) ? order : fresh.order,
      closed: Array.isArray(closed) ? closed.filter((one) => typeof one === "string") : [],
    };
  } catch {
    return fresh; // nothing that was kept by us
  }
}
