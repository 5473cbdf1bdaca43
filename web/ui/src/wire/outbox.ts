/**
 * Commands that must not be lost: kept in the browser's storage, with their request key, until the server
 * has shown that it has them. Sent again after a cut: the same key twice is one request.
 */
import type { ConversationEvent } from "./conversation";
import type {
  Continue,
  Edit,
  Impersonate,
  Problem,
  Regenerate,
  SendText,
  ShownMessage,
  Snapshot,
  Speak,
} from "./protocol";

export type Command = SendText | Regenerate | Edit | Continue | Impersonate | Speak;

export type Why = Pick<Problem, "code" | "text">;

export interface Pending {
  readonly command: Command;
  /** Sent on the connection of now: it is on its way. */
  readonly sent: boolean;
  /** Snapshots that came since it was sent. */
  readonly snapshots: number;
  /** Why the server refused it; null while it did not. */
  readonly refusal: Why | null;
}

export type Outbox = Readonly<Record<string, Pending>>; // by conversation: one at a time

export function put(outbox: Outbox, command: Command): Outbox {
  return { ...outbox, [command.conversation]: { command, sent: false, snapshots: 0, refusal: null } };
}

export function drop(outbox: Outbox, conversation: string): Outbox {
  return Object.fromEntries(Object.entries(outbox).filter(([id]) => id !== conversation));
}

export function sent(outbox: Outbox, conversation: string): Outbox {
  const pending = outbox[conversation];
  return pending ? { ...outbox, [conversation]: { ...pending, sent: true, snapshots: 0, refusal: null } } : outbox;
}

/** The connection is gone: nobody knows what arrived. What was refused stays refused. */
export function disconnected(outbox: Outbox): Outbox {
  return Object.fromEntries(Object.entries(outbox).map(([id, pending]) => [id, { ...pending, sent: false }]));
}

/** What an event says of the command that waits in its conversation. */
export function heard(outbox: Outbox, event: ConversationEvent): Outbox {
  const pending = outbox[event.conversation];
  if (!pending) return outbox;
  switch (event.type) {
    case "conversation_gone":
      return drop(outbox, event.conversation);
    case "message_added":
    case "message_changed":
      return event.request_key === pending.command.request_key ? drop(outbox, event.conversation) : outbox;
    case "snapshot":
      if (isIn(pending.command, event)) return drop(outbox, event.conversation);
      if (!pending.sent) return outbox;
      // A repeated request is answered by a snapshot, which may show another branch. One snapshot may be
      // there for another reason; with the second one the server has certainly read the command.
      return pending.snapshots > 0
        ? drop(outbox, event.conversation)
        : { ...outbox, [event.conversation]: { ...pending, snapshots: 1 } };
    case "reply_state":
    case "reply_text":
    case "reply_finished":
    case "older_messages":
    case "summaries":
    case "context":
    case "title":
      return outbox;
  }
}

export function refused(outbox: Outbox, conversation: string, requestKey: string, why: Why): Outbox {
  const pending = outbox[conversation];
  if (pending?.command.request_key !== requestKey) return outbox;
  // Only what a person wrote is worth keeping.
  return pending.command.type === "send"
    ? { ...outbox, [conversation]: { ...pending, sent: false, refusal: why } }
    : drop(outbox, conversation);
}

/** Does the snapshot show what the command asked for? */
function isIn(command: Command, { messages, live }: Snapshot): boolean {
  switch (command.type) {
    case "send":
      return messages.some((message) => message.parent === command.parent && isMine(message, command.text));
    case "edit":
      return messages.some((message) => message.siblings.includes(command.message) && message.text === command.text);
    case "regenerate":
      return live !== null && (live.siblings.includes(command.message) || live.parent === command.message);
    case "continue":
      return live !== null && live.siblings.includes(command.message) && live.continues !== "";
    case "impersonate":
      return live?.kind === "impersonate";
    case "speak":
      return live !== null && live.parent === command.parent;
  }
}

function isMine(message: ShownMessage, text: string): boolean {
  return message.role === "user" && message.text === text;
}

const KEY = "samovar.outbox";

export function stored(storage: Storage): Outbox {
  try {
    const outbox = JSON.parse(storage.getItem(KEY) ?? "{}") as Outbox;
    return disconnected(outbox);
  } catch {
    return {}; // storage is forbidden, or something else wrote there
  }
}

export function store(storage: Storage, outbox: Outbox): void {
  try {
    if (Object.keys(outbox).length === 0) storage.removeItem(KEY);
    else storage.setItem(KEY, JSON.stringify(outbox));
  } catch {
    // Storage is full or forbidden: the message lives as long as the page.
  }
}
