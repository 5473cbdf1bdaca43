/** The conversations this page reads, kept true by the events of the server; and what is on its way to it. */
import { defineStore } from "pinia";
import { ref, shallowReactive, shallowRef, watch } from "vue";
import { apply, lacksBefore, resume, unopened, waiting, type Conversation } from "../wire/conversation";
import type { ClientFrame, Problem } from "../wire/protocol";
import * as outboxes from "../wire/outbox";
import { useWire } from "../wire/useWire";

export const useChats = defineStore("chats", () => {
  const wire = useWire();
  const chats = shallowReactive(new Map<string, Conversation>());
  const outbox = shallowRef(outboxes.stored(localStorage));
  /** The last refusal that is not of a message in the outbox, by conversation. */
  const problems = ref<Record<string, outboxes.Why>>({});
  /** Before which message older ones were asked for, by conversation. */
  const asked = new Map<string, string>();
  /** How many views show a conversation; with the last one gone it is closed. */
  const views = new Map<string, number>();

  watch(outbox, (now) => {
    outboxes.store(localStorage, now);
  });

  watch(
    () => wire.isUp,
    (isUp) => {
      if (isUp) {
        for (const id of Object.keys(outbox.value)) if (!chats.has(id)) chats.set(id, unopened(id));
        for (const chat of chats.values()) ask(chat);
      } else {
        outbox.value = outboxes.disconnected(outbox.value);
        for (const [id, chat] of chats) chats.set(id, waiting(chat));
      }
    },
    { flush: "sync" },
  );

  wire.listen((frame) => {
    if (frame.type === "problem") problem(frame);
    else if ("conversation" in frame) {
      const before = chats.get(frame.conversation);
      if (!before) return;
      outbox.value = outboxes.heard(outbox.value, frame);
      const after = apply(before, frame);
      if (frame.type === "snapshot" || frame.type === "older_messages") asked.delete(after.id);
      chats.set(after.id, after);
      // A gap, or a Snapshot that did not fit: ask again.
      if (after.stale && (!before.stale || frame.type === "snapshot")) ask(after);
      else if (frame.type === "snapshot") deliver(after.id);
      drop(after.id);
    }
  });

  function ask(chat: Conversation): void {
    if (chat.phase !== "gone") wire.send(resume(chat, -new Date().getTimezoneOffset()));
  }

  /** Ask for what is older than the page has; not twice for the same. */
  function older(id: string, count = 0): void {
    const chat = chats.get(id);
    const before = chat && !chat.stale ? lacksBefore(chat) : null;
    if (before === null || asked.get(id) === before) return;
    if (wire.send({ type: "older", conversation: id, before, count })) asked.set(id, before);
  }

  function problem(frame: Problem): void {
    const { conversation, request_key: key, text, code } = frame;
    if (conversation === null) return;
    const chat = chats.get(conversation);
    if (chat?.stale && key === null && code === "not_found") {
      chats.set(conversation, { ...chat, phase: "gone", stale: false });
      outbox.value = outboxes.drop(outbox.value, conversation);
      return;
    }
    const isMessage = key !== null && outbox.value[conversation]?.command.type === "send";
    if (key !== null) outbox.value = outboxes.refused(outbox.value, conversation, key, { code, text });
    if (!isMessage) problems.value = { ...problems.value, [conversation]: { code, text } };
  }

  /** Send what waits for this conversation, unless it is on its way or was refused. */
  function deliver(id: string): void {
    const pending = outbox.value[id];
    if (!pending || pending.sent || pending.refusal) return;
    if (wire.send(pending.command)) outbox.value = outboxes.sent(outbox.value, id);
  }

  /** Ask for a conversation once more whose opening was refused. */
  function askAgain(id: string): void {
    const chat = chats.get(id);
    dismiss(id);
    if (chat) ask(chat);
  }

  /** Show the conversation until `close`. */
  function open(id: string): void {
    views.set(id, (views.get(id) ?? 0) + 1);
    if (chats.has(id)) return;
    const chat = unopened(id);
    chats.set(id, chat);
    ask(chat);
  }

  function close(id: string): void {
    views.set(id, (views.get(id) ?? 1) - 1);
    dismiss(id);
    drop(id);
  }

  /** Forget a conversation that nobody looks at and nothing waits for. */
  function drop(id: string): void {
    if ((views.get(id) ?? 0) > 0 || outbox.value[id]) return;
    views.delete(id);
    asked.delete(id);
    if (chats.delete(id)) wire.send({ type: "close", conversation: id });
  }

  /** Keep the command until the server has it, and send it as soon as it can be sent. */
  function post(command: outboxes.Command): void {
    dismiss(command.conversation);
    outbox.value = outboxes.put(outbox.value, command);
    if (!chats.get(command.conversation)?.stale) deliver(command.conversation);
  }

  function postAgain(id: string): void {
    const pending = outbox.value[id];
    if (pending) post(pending.command);
  }

  function takeBack(id: string): void {
    outbox.value = outboxes.drop(outbox.value, id);
  }

  /** A command that is worth nothing later: false where there is no connection. */
  function tell(frame: ClientFrame): boolean {
    return wire.send(frame);
  }

  function dismiss(id: string): void {
    problems.value = Object.fromEntries(Object.entries(problems.value).filter(([of]) => of !== id));
  }

  /** At the end of a login. */
  function closeAll(): void {
    chats.clear();
    views.clear();
  }

  /** Nothing of this user stays in the browser. */
  function forgetAll(): void {
    outbox.value = {};
    closeAll();
  }

  return { chats, outbox, problems, older, open, close, askAgain, post, postAgain, takeBack, tell, dismiss, closeAll, forgetAll };
});
