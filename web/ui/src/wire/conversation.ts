/**
 * What a reader knows of one conversation, and how each event changes it. Pure.
 *
 * The rule: every token is shown once. An event that tells what is known already is dropped; one that
 * does not fit to what is known makes the state stale, and a stale state waits for a Snapshot.
 */
import type {
  LiveReply,
  MessageAdded,
  Open,
  ReplyFinished,
  ReplyState,
  ReplyText,
  ServerFrame,
  ShownMessage,
  Snapshot,
} from "./protocol";

/** The reply being made, with all of its text and thoughts so far. `nextSeq` is the token that comes next. */
export interface Live {
  readonly generation: string;
  readonly message: string;
  readonly parent: string;
  readonly siblings: readonly string[];
  readonly state: LiveReply["state"];
  readonly text: string;
  readonly thoughts: string;
  readonly continues: string;
  readonly continuesThoughts: string;
  readonly seam: number;
  readonly nextSeq: number;
  readonly place: number;
  readonly waiting: number;
  readonly waitSeconds: number;
  /** Of the reading of the conversation, 0 to 1; -1 where it is not known. */
  readonly progress: number;
}

/** How the last reply ended, where that needs words. */
export interface Outcome {
  readonly reason: string;
  readonly why: string;
  /** Where the queue refused it: how many it allows, and when to ask again; 0: not known. */
  readonly limit: number;
  readonly againMs: number;
}

export interface Conversation {
  readonly id: string;
  readonly phase: "opening" | "open" | "gone";
  /** Something is missing: only a Snapshot helps. */
  readonly stale: boolean;
  readonly title: string;
  readonly characterVersion: string;
  readonly head: string;
  /** The shown path, from the first message on. A live reply stands below `live.parent`. */
  readonly messages: readonly ShownMessage[];
  readonly live: Live | null;
  readonly outcome: Outcome | null;
  /** Generations that are over, newest last: what still comes of them is late. */
  readonly over: readonly string[];
}

export type ConversationEvent = Extract<ServerFrame, { conversation: string }>;

const REMEMBERED_GENERATIONS = 16;

export function unopened(id: string): Conversation {
  return {
    id,
    phase: "opening",
    stale: true,
    title: "",
    characterVersion: "",
    head: "",
    messages: [],
    live: null,
    outcome: null,
    over: [],
  };
}

/** After a new connection, or at a gap: what is shown stays, and waits for the Snapshot. */
export function waiting(state: Conversation): Conversation {
  return state.phase === "gone" || state.stale ? state : { ...state, stale: true };
}

/** The frame that asks for what is lacking, and for no more; with the minutes that the reader's clock is ahead
 * of UTC, for characters that speak of the time. */
export function resume(state: Conversation, utcOffsetMin = 0): Open {
  const clock = utcOffsetMin === 0 ? {} : { utc_offset_min: utcOffsetMin };
  const open: Open = { type: "open", conversation: state.id, ...clock };
  return state.live ? { ...open, generation: state.live.generation, seq: state.live.nextSeq } : open;
}

export function apply(state: Conversation, event: ConversationEvent): Conversation {
  if (state.phase === "gone") return state;
  if (event.type === "conversation_gone") return { ...state, phase: "gone", stale: false, live: null };
  if (event.type === "snapshot") return snapshot(state, event);
  if (state.stale) return state;
  switch (event.type) {
    case "message_added":
      return messageAdded(state, event);
    case "reply_state":
      return replyState(state, event);
    case "reply_text":
      return replyText(state, event);
    case "reply_finished":
      return replyFinished(state, event);
  }
}

function snapshot(state: Conversation, event: Snapshot): Conversation {
  const prior = state.live;
  let live: Live | null = null;
  let stale = false;
  if (event.live) {
    const isSame = prior?.generation === event.live.generation;
    if (event.live.seq === 0) {
      live = liveOf(event.live, event.live, -1);
    } else if (isSame && prior.nextSeq === event.live.seq) {
      live = liveOf(event.live, both(prior, event.live), -1);
    } else {
      stale = true; // a rest of something else: ask again, for the whole
    }
  }
  return {
    ...state,
    phase: "open",
    stale,
    title: event.title,
    characterVersion: event.character_version,
    head: event.head,
    messages: reusing(state.messages, event.messages),
    live,
    outcome: live ? null : state.outcome,
  };
}

function messageAdded(state: Conversation, event: MessageAdded): Conversation {
  const { message } = event;
  if (state.messages.some((known) => known.id === message.id)) return state;
  if (message.parent !== endOf(state)) return waiting(state);
  return { ...state, messages: [...state.messages, message], head: message.id, outcome: null };
}

function replyState(state: Conversation, event: ReplyState): Conversation {
  const { live } = event;
  if (isOver(state, live)) return state;
  const known = state.live;
  if (known?.generation === live.generation) {
    if (live.next_seq > known.nextSeq) return waiting(state);
    return { ...state, live: { ...liveOf(live, known, event.progress), nextSeq: known.nextSeq } };
  }
  if (live.next_seq > 0 || !hasPlaceFor(state, live.parent)) return waiting(state);
  return { ...state, live: liveOf(live, { text: "", thoughts: "" }, event.progress), outcome: null };
}

function replyText(state: Conversation, event: ReplyText): Conversation {
  const { live } = state;
  if (live?.generation !== event.generation) {
    return state.over.includes(event.generation) ? state : waiting(state);
  }
  if (event.next_seq <= live.nextSeq) return state;
  if (event.seq !== live.nextSeq) return waiting(state);
  return {
    ...state,
    live: { ...live, ...both(live, event), state: "streaming", nextSeq: event.next_seq, progress: -1 },
  };
}

function replyFinished(state: Conversation, event: ReplyFinished): Conversation {
  if (state.over.includes(event.generation)) return state;
  const { message } = event;
  const isMine = state.live?.generation === event.generation;
  const over = [...state.over, event.generation].slice(-REMEMBERED_GENERATIONS);
  // Whoever stops a reply before its first word knows why there is none.
  const needsWords = event.why !== "" || (message === null && event.reason !== "cancelled");
  const outcome = needsWords ? { reason: event.reason, why: event.why, limit: event.limit, againMs: event.again_ms } : null;
  const ended = { ...state, over, outcome, live: isMine ? null : state.live };
  if (message === null) return waiting(ended); // the path may be another now
  if (state.messages.some((known) => known.id === message.id)) return ended;
  if (!hasPlaceFor(state, message.parent)) return waiting(ended);
  return { ...ended, messages: [...upTo(state.messages, message.parent), message], head: message.id };
}

interface Said {
  readonly text: string;
  readonly thoughts: string;
}

function both(before: Said, more: Said): Said {
  return { text: before.text + more.text, thoughts: before.thoughts + more.thoughts };
}

/** Thoughts and those that came when the reply was continued; the server joins them in the same way. */
function joined(before: string, more: string): string {
  return [before, more].filter((thoughts) => thoughts !== "").join("\n\n");
}

function liveOf(live: LiveReply, { text, thoughts }: Said, progress: number): Live {
  return {
    generation: live.generation,
    message: live.message,
    parent: live.parent,
    siblings: live.siblings,
    state: live.state,
    text,
    thoughts,
    continues: live.continues,
    continuesThoughts: live.continues_thoughts,
    seam: live.seam,
    nextSeq: live.next_seq,
    place: live.place,
    waiting: live.waiting,
    waitSeconds: live.wait_s,
    progress,
  };
}

function isOver(state: Conversation, live: LiveReply): boolean {
  return state.over.includes(live.generation) || state.messages.some((message) => message.id === live.message);
}

/** The id below which the next message goes: with no message yet, the root. */
function endOf(state: Conversation): string {
  return state.messages.at(-1)?.id ?? state.head;
}

function hasPlaceFor(state: Conversation, parent: string): boolean {
  const first = state.messages[0];
  return (first ? first.parent : state.head) === parent || state.messages.some((message) => message.id === parent);
}

function upTo(messages: readonly ShownMessage[], last: string): readonly ShownMessage[] {
  return messages.slice(0, messages.findIndex((message) => message.id === last) + 1);
}

/** Keeps the objects of messages that are as they were, so that the page need not draw them again. */
function reusing(before: readonly ShownMessage[], after: readonly ShownMessage[]): readonly ShownMessage[] {
  const known = new Map(before.map((message) => [message.id, message]));
  return after.map((message) => {
    const old = known.get(message.id);
    return old && old.text === message.text && isSameList(old.siblings, message.siblings) && old.ended === message.ended
      ? old
      : message;
  });
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** A message as the page shows it; the live reply is one of them. */
export interface Shown {
  readonly id: string;
  readonly parent: string;
  readonly role: ShownMessage["role"];
  readonly text: string;
  /** What the model thought before it; "" for most. */
  readonly thoughts: string;
  /** After so many code points it was taken up again and may have gone on otherwise; -1: nowhere. */
  readonly seam: number;
  readonly siblings: readonly string[];
  readonly ended: string;
  readonly live: Live | null;
}

const shownOf = new WeakMap<ShownMessage, Shown>();

/** The path with the live reply at its place. The same message gives the same object. */
export function shownPath(state: Conversation): readonly Shown[] {
  const { live } = state;
  const path = live ? upTo(state.messages, live.parent) : state.messages;
  const shown = path.map((message) => {
    const known = shownOf.get(message);
    if (known) return known;
    const { id, parent, role, text, thoughts, seam, siblings, ended } = message;
    const made: Shown = { id, parent, role, text, thoughts, seam, siblings, ended, live: null };
    shownOf.set(message, made);
    return made;
  });
  if (!live) return shown;
  return [
    ...shown,
    {
      id: live.message,
      parent: live.parent,
      role: "assistant",
      text: live.continues + live.text,
      thoughts: joined(live.continuesThoughts, live.thoughts),
      seam: live.seam,
      siblings: live.siblings,
      ended: "",
      live,
    },
  ];
}
