/** Long conversations: the end of the path first, older messages on demand; and what changes in the middle. */
import { describe, expect, test } from "vitest";
import { changed, CONVERSATION, finished, live, message, older, snapshot, state, text } from "../testing/frames";
import { apply, lacksBefore, shownPath, unopened, type Conversation, type ConversationEvent } from "./conversation";
import type { ShownMessage } from "./protocol";

const after = (...events: ConversationEvent[]): Conversation => events.reduce(apply, unopened(CONVERSATION));
const ids = (chat: Conversation): string => chat.messages.map((one) => one.id).join(" ");

/** The messages m<from> … m<to>, each below the one before. */
function run(from: number, to: number, more: Partial<ShownMessage> = {}): ShownMessage[] {
  return Array.from({ length: to - from + 1 }, (_, n) => {
    const number = from + n;
    return message(`m${number}`, number === 1 ? "root" : `m${number - 1}`, more);
  });
}

const end = (from: number, to: number) => snapshot({ messages: run(from, to), before: from - 1 });

describe("a long conversation", () => {
  test("opens with its end and is fetched backwards page by page", () => {
    const opened = after(end(7, 8));
    expect([ids(opened), opened.before, lacksBefore(opened)]).toEqual(["m7 m8", 6, "m7"]);
    const more = apply(opened, older("m7", run(4, 6), 3));
    expect([ids(more), more.before, lacksBefore(more)]).toEqual(["m4 m5 m6 m7 m8", 3, "m4"]);
    const all = apply(more, older("m4", run(1, 3), 0));
    expect([ids(all), all.before, lacksBefore(all)]).toEqual(["m1 m2 m3 m4 m5 m6 m7 m8", 0, null]);
  });

  test("keeps what it has when its end is told anew", () => {
    const chat = after(end(7, 8), older("m7", run(4, 6), 3), end(8, 9));
    expect([ids(chat), chat.before, chat.unsure]).toEqual(["m4 m5 m6 m7 m8 m9", 3, 0]);
  });

  test("keeps the objects of messages that are as they were", () => {
    const before = after(end(7, 8), older("m7", run(4, 6), 3));
    const now = apply(before, end(8, 9));
    expect(shownPath(now)[0]).toBe(shownPath(before)[0]);
    expect(shownPath(now)[4]).toBe(shownPath(before)[4]);
  });

  test("lets go of what belongs to another branch", () => {
    const other = [message("x8", "x7"), message("x9", "x8")];
    const chat = after(end(7, 8), older("m7", run(4, 6), 3), snapshot({ messages: other, before: 7 }));
    expect([ids(chat), chat.before, lacksBefore(chat)]).toEqual(["x8 x9", 7, "x8"]);
  });

  test("asks again for what may be others, and shows it until that has come", () => {
    const doubted = { ...end(7, 8), older_changed: true };
    const chat = after(end(7, 8), older("m7", run(4, 6), 3), doubted);
    expect([ids(chat), chat.unsure, lacksBefore(chat)]).toEqual(["m4 m5 m6 m7 m8", 3, "m7"]);
    const page = [message("m5", "m4"), message("m6", "m5", { siblings: ["m6", "n6"] })];
    const surer = apply(chat, older("m7", page, 4));
    expect([ids(surer), surer.unsure, surer.before]).toEqual(["m4 m5 m6 m7 m8", 1, 3]);
    expect(surer.messages[2]?.siblings).toEqual(["m6", "n6"]);
    const sure = apply(surer, older("m5", run(2, 4), 1));
    expect([ids(sure), sure.unsure, sure.before]).toEqual(["m2 m3 m4 m5 m6 m7 m8", 0, 1]);
  });

  test("loses a message that was removed among older ones when they come anew", () => {
    const doubted = { ...snapshot({ messages: run(7, 8), before: 5 }), older_changed: true };
    const chat = after(end(7, 8), older("m7", run(4, 6), 3), doubted);
    const now = apply(chat, older("m7", [message("m4", "m3"), message("m6", "m4")], 3));
    expect([ids(now), now.before, now.unsure]).toEqual(["m4 m6 m7 m8", 3, 0]);
  });

  test("passes over a page that was asked for before something else came", () => {
    const chat = after(end(7, 8), older("m7", run(4, 6), 3));
    expect(apply(chat, older("m7", run(4, 6), 3))).toBe(chat);
  });

  test("whose beginning was removed meanwhile is all there", () => {
    const chat = apply(after(end(7, 8)), older("m7", [], 0));
    expect([ids(chat), lacksBefore(chat)]).toEqual(["m7 m8", null]);
  });
});

describe("a message that changes in its place", () => {
  test("is another from then on, and all others stay", () => {
    const before = after(end(1, 3));
    const now = apply(before, changed(message("m2", "m1", { text: "In other words", revised: true })));
    expect(now.messages[1]?.text).toBe("In other words");
    expect(now.messages[0]).toBe(before.messages[0]);
  });

  test("is no matter where it is not at hand", () => {
    expect(ids(apply(after(end(2, 3)), changed(message("m1", "root"))))).toBe("m2 m3");
  });
});

describe("what the model writes for the reader to say", () => {
  const draft = { kind: "impersonate" as const, siblings: [], parent: "mine" };

  test("is no message of the path while it comes, nor afterwards", () => {
    const coming = after(snapshot(), state(draft), text(0, 2, "I come in."));
    expect(shownPath(coming).map((one) => one.id)).toEqual(["greeting", "mine"]);
    expect(coming.live?.text).toBe("I come in.");
    const suggestion = { generation: "g1", text: "I come in." };
    const over = apply(coming, finished({ message: null, suggestion }));
    expect([over.live, over.suggestion, over.outcome, over.stale]).toEqual([null, suggestion, null, false]);
  });

  test("is there on a page that comes later, whole", () => {
    const half = after(snapshot({ live: live({ ...draft, text: "I come", next_seq: 1 }) }));
    expect([half.live?.text, half.live?.kind]).toEqual(["I come", "impersonate"]);
    const suggestion = { generation: "g1", text: "I come in." };
    expect(after(snapshot({ suggestion })).suggestion).toEqual(suggestion);
  });

  test("that failed before its first word says why", () => {
    const over = after(snapshot(), state(draft), finished({ message: null, reason: "no_worker", why: "Nobody was there." }));
    expect(over.outcome?.reason).toBe("no_worker");
  });
});
