/**
 * What a reader knows of one conversation, and how each event changes it. Pure.
 *
 * The rule: every token is shown once. An event that tells what is known already is dropped; one that
 * does not fit to what is known makes the state stale, and a stale state waits for a Snapshot.
 */
import type {
  Group,
  LiveReply,
  MessageAdded,
  MessageChanged,
  OlderMessages,
  Open,
  ReplyFinished,
  ReplyState,
  ReplyText,
  ServerFrame,
  ShownContext,
  ShownMessage,
  ShownSummaries,
  Snapshot,
  Suggestion,
} from "./protocol";

/** The reply being made, with all of its text and thoughts so far. `nextSeq` is the token that comes next. */
export interface Live {
  readonly generation: string;
  readonly message: string;
  readonly kind: LiveReply["kind"];
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
  /** The version of the character that speaks. */
  readonly speaker: string;
  /** How many others may answer after it. */
  readonly roundLeft: number;
}

/** How the last reply ended, where that needs words. */
export interface Outcome {
  readonly reason: string;
  readonly why: string;
  readonly cause: string;
  readonly facts: readonly string[];
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
  /** Its characters, where it has several. */
  readonly group: Group | null;
  readonly head: string;
  /** Who the user is from now on, and by which persona. */
  readonly userName: string;
  readonly persona: string | null;
  /** The end of the shown path, as far back as it was asked for. A live reply stands below `live.parent`. */
  readonly messages: readonly ShownMessage[];
  /** How many messages of the path stand before those. */
  readonly before: number;
  /** So many of the first of those may be others meanwhile: they are to be asked for again. */
  readonly unsure: number;
  /** What the model wrote for the reader to say next. */
  readonly suggestion: Suggestion | null;
  readonly live: Live | null;
  readonly outcome: Outcome | null;
  /** Generations that are over, newest last: what still comes of them is late. */
  readonly over: readonly string[];
  readonly summaries: ShownSummaries;
  /** How full the model's context is; null where that is not known yet. */
  readonly context: ShownContext | null;
}

export type ConversationEvent = Extract<ServerFrame, { conversation: string }>;

const REMEMBERED_GENERATIONS = 16;
const NO_SUMMARIES: ShownSummaries = { wanted: true, shown: [], writing: null };

export function unopened(id: string): Conversation {
  return {
    id,
    phase: "opening",
    stale: true,
    title: "",
    characterVersion: "",
    group: null,
    head: "",
    userName: "",
    persona: null,
    messages: [],
    before: 0,
    unsure: 0,
    suggestion: null,
    live: null,
    outcome: null,
    over: [],
    summaries: NO_SUMMARIES,
    context: null,
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
    case "older_messages":
      return olderMessages(state, event);
    case "message_added":
      return messageAdded(state, event);
    case "message_changed":
      return messageChanged(state, event);
    case "reply_state":
      return replyState(state, event);
    case "reply_text":
      return replyText(state, event);
    case "reply_finished":
      return replyFinished(state, event);
    case "title":
      return { ...state, title: event.title };
    case "summaries":
      return { ...state, summaries: event.summaries };
    case "context":
      return { ...state, context: event.context };
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
  const kept = before(state.messages, event.messages, event.before);
  return {
    ...state,
    phase: "open",
    stale,
    title: event.title,
    characterVersion: event.character_version,
    group: event.group,
    head: event.head,
    userName: event.user_name,
    persona: event.persona,
    messages: [...kept, ...reusing(state.messages, event.messages)],
    before: Math.max(0, event.before - kept.length),
    unsure: event.older_changed ? kept.length : Math.min(kept.length, state.unsure),
    suggestion: event.suggestion,
    live,
    outcome: live ? null : state.outcome,
    summaries: event.summaries,
    context: event.context,
  };
}

/** Of the messages that are known, those that stand before the ones that came: a message's ancestors do not change
 * but for what was removed among them. */
function before(known: readonly ShownMessage[], came: readonly ShownMessage[], count: number): readonly ShownMessage[] {
  const first = came[0];
  if (!first || count === 0) return [];
  return upTo(known, first.parent).filter((message) => !came.includes(message));
}

/** What is to be asked for next: the messages before this one; null where all are here. */
export function lacksBefore(state: Conversation): string | null {
  if (state.before === 0 && state.unsure === 0) return null;
  return state.messages[state.unsure]?.id ?? null;
}

function olderMessages(state: Conversation, event: OlderMessages): Conversation {
  if (event.until !== lacksBefore(state)) return state; // asked for before something else came
  const kept = before(state.messages.slice(0, state.unsure), event.messages, event.before);
  const messages = [...kept, ...reusing(state.messages, event.messages), ...state.messages.slice(state.unsure)];
  return { ...state, messages, before: Math.max(0, event.before - kept.length), unsure: kept.length };
}

function messageChanged(state: Conversation, event: MessageChanged): Conversation {
  const { message } = event;
  const messages = state.messages.map((known) => (known.id === message.id ? message : known));
  return { ...state, messages };
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
  const isDraft = isMine && state.live.kind === "impersonate";
  const needsWords = event.why !== "" || (message === null && event.suggestion === null && event.reason !== "cancelled");
  const outcome = needsWords ? { reason: event.reason, why: event.why, cause: event.cause, facts: event.facts, limit: event.limit, againMs: event.again_ms } : null;
  const ended = { ...state, over, outcome, live: isMine ? null : state.live, suggestion: event.suggestion ?? state.suggestion };
  if (isDraft) return ended;
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
    kind: live.kind,
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
    speaker: live.speaker ?? "",
    roundLeft: live.round_left,
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
    return old && isSame(old, message) ? old : message;
  });
}

function isSame(a: ShownMessage, b: ShownMessage): boolean {
  return a.text === b.text && a.ended === b.ended && a.bookmark === b.bookmark && a.parent === b.parent
    && a.revised === b.revised && isSameList(a.siblings, b.siblings); // prettier-ignore
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
  /** The name of the bookmark on it. */
  readonly bookmark: string;
  /** It was put in other words, in its place. */
  readonly revised: boolean;
  /** Who spoke, by name; "" for a character. */
  readonly name: string;
  /** The version of the character that says it; "" for a person's. */
  readonly speaker: string;
  readonly live: Live | null;
}

const shownOf = new WeakMap<ShownMessage, Shown>();

/** The path with the live reply at its place. The same message gives the same object. */
export function shownPath(state: Conversation): readonly Shown[] {
  const live = state.live?.kind === "impersonate" ? null : state.live;
  const path = live ? upTo(state.messages, live.parent) : state.messages;
  const shown = path.map((message) => {
    const known = shownOf.get(message);
    if (known) return known;
    const { id, parent, role, text, thoughts, seam, siblings, ended, name, bookmark, revised } = message;
    const speaker = message.speaker ?? "";
    const made: Shown = {
      ...{ id, parent, role, text, thoughts, seam, siblings, ended, name, bookmark, revised, speaker },
      live: null,
    };
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
      bookmark: "",
      revised: false,
      name: "",
      speaker: live.speaker,
      live,
    },
  ];
}
