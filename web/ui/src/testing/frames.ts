/** Frames of the server for tests: whole ones, with what matters given. */
import type {
  LiveReply,
  MessageAdded,
  MessageChanged,
  OlderMessages,
  ReplyFinished,
  ReplyState,
  ReplyText,
  ShownMessage,
  Snapshot,
} from "../wire/protocol";

export const CONVERSATION = "c1";

export function message(id: string, parent: string, more: Partial<ShownMessage> = {}): ShownMessage {
  const text = `text of ${id}`;
  const whole = { text, created_ms: 0, siblings: [id], ended: "", thoughts: "", seam: -1, name: "", speaker: null, bookmark: "", revised: false };
  return { id, parent, role: "assistant", ...whole, ...more };
}

export function live(more: Partial<LiveReply> = {}): LiveReply {
  return {
    generation: "g1",
    message: "reply",
    parent: "mine",
    siblings: ["reply"],
    state: "streaming",
    seq: 0,
    next_seq: 0,
    text: "",
    continues: "",
    place: 0,
    waiting: 0,
    wait_s: -1,
    thoughts: "",
    continues_thoughts: "",
    seam: -1,
    speaker: null,
    round_left: 0,
    kind: "reply",
    ...more,
  };
}

export function snapshot(more: Partial<Snapshot> = {}): Snapshot {
  const messages = more.messages ?? [message("greeting", "root"), message("mine", "greeting", { role: "user" })];
  return {
    type: "snapshot",
    conversation: CONVERSATION,
    title: "A title",
    character_version: "v1",
    head: messages.at(-1)?.id ?? "root",
    messages,
    live: null,
    group: null,
    user_name: "Anna",
    persona: null,
    before: 0,
    older_changed: false,
    suggestion: null,
    summaries: { wanted: true, shown: [], writing: null },
    context: null,
    ...more,
  };
}

export function older(until: string, messages: ShownMessage[], before = 0): OlderMessages {
  return { type: "older_messages", conversation: CONVERSATION, until, before, messages };
}

export function changed(message: ShownMessage, requestKey: string | null = null): MessageChanged {
  return { type: "message_changed", conversation: CONVERSATION, message, request_key: requestKey };
}

export function added(added: ShownMessage, requestKey: string | null = null): MessageAdded {
  return { type: "message_added", conversation: CONVERSATION, message: added, request_key: requestKey };
}

export function state(more: Partial<LiveReply> = {}, progress = -1): ReplyState {
  return { type: "reply_state", conversation: CONVERSATION, live: live(more), progress };
}

export function text(seq: number, nextSeq: number, said: string, generation = "g1", thoughts = ""): ReplyText {
  return { type: "reply_text", conversation: CONVERSATION, generation, seq, next_seq: nextSeq, text: said, thoughts };
}

export function thought(seq: number, nextSeq: number, thoughts: string): ReplyText {
  return text(seq, nextSeq, "", "g1", thoughts);
}

export function finished(more: Partial<ReplyFinished> = {}): ReplyFinished {
  return {
    type: "reply_finished",
    conversation: CONVERSATION,
    generation: "g1",
    reason: "stop",
    message: message("reply", "mine", { text: "Well, then.", ended: "stop" }),
    why: "",
    limit: 0,
    again_ms: 0,
    cause: "",
    facts: [],
    suggestion: null,
    ...more,
  };
}
