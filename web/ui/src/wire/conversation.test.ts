import { describe, expect, test } from "vitest";
import { added, CONVERSATION, finished, live, message, snapshot, state, text, thought } from "../testing/frames";
import { apply, resume, shownPath, unopened, waiting, type Conversation, type ConversationEvent } from "./conversation";

const after = (...events: ConversationEvent[]): Conversation => events.reduce(apply, unopened(CONVERSATION));
const textOf = (chat: Conversation): string => shownPath(chat).at(-1)?.text ?? "";
const thoughtsOf = (chat: Conversation): string => shownPath(chat).at(-1)?.thoughts ?? "";

describe("a reply", () => {
  test("is put together of its pieces in order", () => {
    const chat = after(snapshot(), state(), text(0, 1, "Well"), text(1, 3, ", then"));
    expect(textOf(chat)).toBe("Well, then");
    expect(chat.live?.nextSeq).toBe(3);
    expect(chat.stale).toBe(false);
  });

  test("that comes twice, piece for piece, is shown once", () => {
    const chat = after(snapshot(), state(), text(0, 1, "Well"), text(0, 1, "Well"), text(1, 2, "!"), text(1, 2, "!"), text(0, 1, "Well"));
    expect(textOf(chat)).toBe("Well!");
    expect(chat.stale).toBe(false);
  });

  test("with a piece missing waits for a snapshot, and shows nothing out of order", () => {
    const chat = after(snapshot(), state(), text(0, 1, "Well"), text(2, 3, "!"), text(3, 4, "?"));
    expect(textOf(chat)).toBe("Well");
    expect(chat.stale).toBe(true);
  });

  test("with two pieces in the wrong order asks again rather than mix them", () => {
    const gap = after(snapshot(), state(), text(1, 2, "then"), text(0, 1, "Well"));
    expect(gap.stale).toBe(true);
    expect(textOf(gap)).toBe("");
    expect(textOf(apply(gap, snapshot({ live: live({ text: "Wellthen", next_seq: 2 }) })))).toBe("Wellthen");
  });

  test("with a piece that begins within what is known and ends behind it asks again", () => {
    expect(after(snapshot(), state(), text(0, 2, "Well"), text(1, 3, "l, t")).stale).toBe(true);
  });

  test("of which nothing was announced asks again", () => {
    expect(after(snapshot(), text(0, 1, "Well")).stale).toBe(true);
  });

  test("keeps its text when its state changes", () => {
    const chat = after(snapshot(), state(), text(0, 1, "Well"), state({ state: "suspended", seq: 1, next_seq: 1 }));
    expect(textOf(chat)).toBe("Well");
    expect(chat.live?.state).toBe("suspended");
  });

  test("whose state speaks of tokens that are not here asks again", () => {
    expect(after(snapshot(), state(), state({ seq: 4, next_seq: 4 })).stale).toBe(true);
  });

  test("whose state is older than its text keeps its place", () => {
    const chat = after(snapshot(), state(), text(0, 2, "Well"), state({ state: "streaming", next_seq: 1 }), text(2, 3, "!"));
    expect(textOf(chat)).toBe("Well!");
  });

  test("tells its place in the queue and the progress of the reading", () => {
    const chat = after(snapshot(), state({ state: "queued", place: 2, waiting: 3, wait_s: 20 }));
    expect(chat.live).toMatchObject({ place: 2, waiting: 3, waitSeconds: 20, progress: -1 });
    expect(apply(chat, state({ state: "leased" }, 0.5)).live).toMatchObject({ place: 0, progress: 0.5 });
  });

  test("that ends becomes the message the server says it is", () => {
    const chat = after(snapshot(), state(), text(0, 1, "Well"), finished());
    expect(chat.live).toBeNull();
    expect(chat.messages.map((one) => one.id)).toEqual(["greeting", "mine", "reply"]);
    expect(textOf(chat)).toBe("Well, then.");
    expect(chat.head).toBe("reply");
  });

  test("that ended twice stands there once", () => {
    const chat = after(snapshot(), state(), finished(), finished());
    expect(chat.messages).toHaveLength(3);
    expect(chat.stale).toBe(false);
  });

  test("that is over is not begun again by what comes late", () => {
    const chat = after(snapshot(), state(), text(0, 1, "Well"), finished(), text(1, 2, "late"), state({ next_seq: 2 }));
    expect(chat.live).toBeNull();
    expect(chat.stale).toBe(false);
  });

  test("that ended in the snapshot already is not begun again", () => {
    const messages = [message("greeting", "root"), message("mine", "greeting"), message("reply", "mine")];
    const chat = after(snapshot({ messages }), state());
    expect(chat.live).toBeNull();
  });

  test("of which nothing came says why, and asks what is shown now", () => {
    const chat = after(snapshot(), state(), finished({ message: null, reason: "queue_full", why: "Try later.", limit: 64 }));
    expect(chat.outcome).toEqual({ reason: "queue_full", why: "Try later.", cause: "", facts: [], limit: 64, againMs: 0 });
    expect(chat.stale).toBe(true);
    expect(apply(chat, snapshot()).outcome).toEqual({ reason: "queue_full", why: "Try later.", cause: "", facts: [], limit: 64, againMs: 0 });
  });

  test("that was stopped before its first word needs no explanation", () => {
    expect(after(snapshot(), state(), finished({ message: null, reason: "cancelled" })).outcome).toBeNull();
  });

  test("clears the words of the one before", () => {
    const failed = after(snapshot(), state(), finished({ why: "The model changed.", reason: "model_changed" }));
    expect(failed.outcome?.reason).toBe("model_changed");
    const next = apply(failed, added(message("mine2", "reply", { role: "user" })));
    expect(next.outcome).toBeNull();
  });
});

describe("a swipe", () => {
  const whole = snapshot({
    messages: [message("greeting", "root"), message("mine", "greeting"), message("old", "mine")],
  });

  test("stands in the place of the reply before, and leaves it when nothing comes of it", () => {
    const swiped = after(whole, state({ siblings: ["old", "reply"] }));
    expect(shownPath(swiped).map((one) => one.id)).toEqual(["greeting", "mine", "reply"]);
    expect(shownPath(apply(swiped, finished({ message: null }))).at(-1)?.id).toBe("old");
  });

  test("that ends takes the place of what was below its parent", () => {
    const chat = after(whole, state(), finished());
    expect(chat.messages.map((one) => one.id)).toEqual(["greeting", "mine", "reply"]);
  });

  test("of a branch that is not shown asks again", () => {
    expect(after(whole, state({ parent: "elsewhere" })).stale).toBe(true);
    expect(after(whole, finished({ message: message("x", "elsewhere") })).stale).toBe(true);
  });

  test("of the very first message goes below the root", () => {
    const chat = after(whole, state({ parent: "root", message: "other greeting" }));
    expect(shownPath(chat).map((one) => one.id)).toEqual(["other greeting"]);
  });
});

describe("a message", () => {
  test("is put at the end", () => {
    const chat = after(snapshot(), added(message("new", "mine", { role: "user" })));
    expect(chat.messages.at(-1)?.id).toBe("new");
    expect(chat.head).toBe("new");
  });

  test("that comes twice stands there once", () => {
    const chat = after(snapshot(), added(message("new", "mine")), added(message("new", "mine")));
    expect(chat.messages).toHaveLength(3);
    expect(chat.stale).toBe(false);
  });

  test("of a branch that is not shown asks again", () => {
    expect(after(snapshot(), added(message("new", "greeting"))).stale).toBe(true);
  });

  test("can be the first one of all", () => {
    const chat = after(snapshot({ messages: [], head: "root" }), added(message("first", "root", { role: "user" })));
    expect(chat.messages).toHaveLength(1);
  });
});

describe("opening again", () => {
  const streaming = after(snapshot(), state(), text(0, 3, "Well, "));

  test("asks for what is lacking alone", () => {
    expect(resume(unopened(CONVERSATION))).toEqual({ type: "open", conversation: CONVERSATION });
    expect(resume(unopened(CONVERSATION), 120)).toMatchObject({ type: "open", utc_offset_min: 120 });
    expect(resume(waiting(streaming))).toEqual({ type: "open", conversation: CONVERSATION, generation: "g1", seq: 3 });
  });

  test("keeps on the page what was there, and takes no event before the snapshot", () => {
    const chat = apply(waiting(streaming), text(3, 4, "then"));
    expect(textOf(chat)).toBe("Well, ");
    expect(chat.stale).toBe(true);
  });

  test("puts the rest behind what is known", () => {
    const chat = apply(waiting(streaming), snapshot({ live: live({ seq: 3, next_seq: 5, text: "then." }) }));
    expect(textOf(chat)).toBe("Well, then.");
    expect(chat.live?.nextSeq).toBe(5);
    expect(chat.stale).toBe(false);
  });

  test("takes the whole reply where the server gives the whole", () => {
    const chat = apply(waiting(streaming), snapshot({ live: live({ seq: 0, next_seq: 5, text: "Well, then." }) }));
    expect(textOf(chat)).toBe("Well, then.");
  });

  test("asks for the whole where the rest does not fit", () => {
    const chat = apply(waiting(streaming), snapshot({ live: live({ seq: 2, next_seq: 5, text: ", then." }) }));
    expect(chat.stale).toBe(true);
    expect(resume(chat)).toEqual({ type: "open", conversation: CONVERSATION });
  });

  test("asks for the whole where the rest is of another reply", () => {
    const rest = snapshot({ live: live({ generation: "g2", seq: 3, next_seq: 5, text: "then." }) });
    const chat = apply(waiting(streaming), rest);
    expect(chat.stale).toBe(true);
    expect(textOf(apply(chat, snapshot({ live: live({ generation: "g2", next_seq: 5, text: "All of it" }) })))).toBe("All of it");
  });

  test("finds the reply that ended meanwhile", () => {
    const messages = [...snapshot().messages, message("reply", "mine", { text: "Well, then." })];
    const chat = apply(waiting(streaming), snapshot({ messages }));
    expect(chat.live).toBeNull();
    expect(textOf(chat)).toBe("Well, then.");
  });
});

describe("the thoughts of a reply", () => {
  test("gather beside its text", () => {
    const chat = after(snapshot(), state(), thought(0, 2, "Hm"), text(2, 3, "Well", "g1", ", so."), text(3, 4, "!"));
    expect(thoughtsOf(chat)).toBe("Hm, so.");
    expect(textOf(chat)).toBe("Well!");
  });

  test("that are lost, or come twice, are treated as its text is", () => {
    const chat = after(snapshot(), state(), thought(0, 2, "Hm"), thought(0, 2, "Hm"));
    expect(thoughtsOf(chat)).toBe("Hm");
    expect(apply(chat, thought(3, 4, "x")).stale).toBe(true);
    const resumed = apply(waiting(chat), snapshot({ live: live({ seq: 2, next_seq: 4, thoughts: ", so." }) }));
    expect(thoughtsOf(resumed)).toBe("Hm, so.");
    const whole = apply(waiting(chat), snapshot({ live: live({ seq: 0, next_seq: 4, thoughts: "Hm, so.", text: "" }) }));
    expect(thoughtsOf(whole)).toBe("Hm, so.");
  });

  test("stay when its state changes, and come whole with its end", () => {
    const chat = after(snapshot(), state(), thought(0, 2, "Hm"), state({ state: "suspended", seq: 2, next_seq: 2 }));
    expect(thoughtsOf(chat)).toBe("Hm");
    const ended = apply(chat, finished({ message: message("reply", "mine", { text: "Well.", thoughts: "Hm, so." }) }));
    expect(thoughtsOf(ended)).toBe("Hm, so.");
  });

  test("stand after those of the reply that it continues", () => {
    const going = live({ continues: "Well", continues_thoughts: "Hm." });
    const chat = after(snapshot({ live: going }));
    expect(thoughtsOf(chat)).toBe("Hm.");
    expect(thoughtsOf(apply(chat, thought(0, 1, "More.")))).toBe("Hm.\n\nMore.");
  });
});

describe("the seam of a reply that was taken up", () => {
  const seamOf = (chat: Conversation): number | undefined => shownPath(chat).at(-1)?.seam;

  test("comes while it is made, stays in its text, and is there in the end", () => {
    const chat = after(snapshot(), state(), text(0, 1, "One"));
    expect(seamOf(chat)).toBe(-1);
    const taken = apply(apply(chat, text(1, 2, " two")), state({ seq: 2, next_seq: 2, seam: 3 }));
    expect(seamOf(taken)).toBe(3);
    expect(seamOf(apply(taken, text(2, 3, " three")))).toBe(3);
    const ended = apply(taken, finished({ message: message("reply", "mine", { text: "One two", seam: 3 }) }));
    expect(seamOf(ended)).toBe(3);
  });

  test("is there for a page that comes later", () => {
    expect(seamOf(after(snapshot({ live: live({ next_seq: 2, text: "One two", seam: 3 }) })))).toBe(3);
    const messages = [...snapshot().messages, message("reply", "mine", { text: "One two", seam: 3 })];
    expect(seamOf(after(snapshot({ messages })))).toBe(3);
  });
});

describe("a conversation that was deleted", () => {
  test("stays gone, whatever comes late", () => {
    const chat = after(snapshot(), state(), { type: "conversation_gone", conversation: CONVERSATION }, text(0, 1, "x"), snapshot());
    expect(chat.phase).toBe("gone");
    expect(waiting(chat).stale).toBe(false);
  });
});

describe("what is drawn again", () => {
  test("is not a message that stayed as it was", () => {
    const before = after(snapshot());
    const reopened = apply(before, snapshot());
    expect(reopened.messages[0]).toBe(before.messages[0]);
    expect(shownPath(reopened)[1]).toBe(shownPath(before)[1]);
    const streamed = apply(apply(reopened, state()), text(0, 1, "x"));
    expect(shownPath(streamed)[0]).toBe(shownPath(before)[0]);
  });

  test("is a message that has a new sibling", () => {
    const before = after(snapshot());
    const messages = snapshot().messages.map((one) => (one.id === "greeting" ? { ...one, siblings: ["greeting", "x"] } : one));
    const swiped = apply(before, snapshot({ messages }));
    expect(swiped.messages[0]).not.toBe(before.messages[0]);
    expect(swiped.messages[1]).toBe(before.messages[1]);
  });

  test("is one and the same item before and after the end of a reply", () => {
    const streamed = after(snapshot(), state(), text(0, 1, "x"));
    expect(shownPath(streamed).at(-1)?.id).toBe(shownPath(apply(streamed, finished())).at(-1)?.id);
  });
});

// -- any loss, any order ---------------------------------------------------------------------------

/** A small generator of numbers (mulberry32), so that a failing run can be had again by its seed. */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** So many of the first words are thoughts. */
const THOUGHT = 12;

/** The server's end, as PROTOCOL.md has it: a reply of `words`, committed piece by piece. */
class Server {
  committed = 0;
  constructor(readonly words: readonly string[]) {}

  get isOver(): boolean {
    return this.committed === this.words.length;
  }

  next(count: number): ConversationEvent {
    if (this.isOver) return finished({ message: this.reply() });
    const seq = this.committed;
    this.committed = Math.min(this.words.length, seq + count);
    return text(seq, this.committed, this.said(seq), "g1", this.thought(seq));
  }

  open(generation: string | null | undefined, seq: number, knowsMark: boolean): ConversationEvent {
    if (this.isOver) return snapshot({ messages: [...snapshot().messages, this.reply()] });
    const start = generation === "g1" && seq <= this.committed && knowsMark ? seq : 0;
    return snapshot({
      live: live({ seq: start, next_seq: this.committed, text: this.said(start), thoughts: this.thought(start) }),
    });
  }

  private said(from: number): string {
    return this.words.slice(Math.max(from, THOUGHT), this.committed).join("");
  }

  private thought(from: number): string {
    return this.words.slice(from, Math.min(this.committed, THOUGHT)).join("");
  }

  reply() {
    const thoughts = this.words.slice(0, THOUGHT).join("");
    return message("reply", "mine", { text: this.words.slice(THOUGHT).join(""), thoughts, ended: "stop" });
  }
}

test("whatever is lost, doubled, swapped or cut: the shown text is always a beginning of the reply, and in the end all of it", () => {
  const words = Array.from({ length: 40 }, (_, n) => `word${n} `);
  const whole = words.slice(THOUGHT).join("");
  const thoughts = words.slice(0, THOUGHT).join("");
  for (let seed = 1; seed <= 400; seed += 1) {
    const draw = random(seed);
    const server = new Server(words);
    let chat = after(snapshot(), state());
    const wire: ConversationEvent[] = [];
    for (let step = 0; step < 4_000 && !(server.isOver && chat.live === null && !chat.stale); step += 1) {
      const event = server.next(1 + Math.floor(draw() * 3));
      const fate = draw();
      if (fate > 0.1) wire.push(event);
      if (fate > 0.9) wire.push(event);
      if (fate > 0.8 && wire.length > 1) wire.push(...wire.splice(-2).reverse());
      if (draw() > 0.97) {
        wire.length = 0; // the connection is cut: all that was under way is gone
        chat = waiting(chat);
      }
      for (let next = wire.shift(); next; next = draw() > 0.3 ? wire.shift() : undefined) {
        const before = chat;
        chat = apply(chat, next);
        if (chat.stale && !before.stale) wire.length = 0;
      }
      if (chat.stale && draw() > 0.3) {
        const asked = resume(chat);
        chat = apply(chat, server.open(asked.generation, asked.seq ?? 0, draw() > 0.2));
      } else if (server.isOver && wire.length === 0) {
        chat = waiting(chat); // a silence at the end: the next connection tells
      }
      const last = shownPath(chat).at(-1);
      if (last?.id === "reply") {
        expect(whole.startsWith(last.text), `seed ${seed}`).toBe(true);
        expect(thoughts.startsWith(last.thoughts), `seed ${seed}`).toBe(true);
      }
    }
    expect(shownPath(chat).map((one) => one.id), `seed ${seed}`).toEqual(["greeting", "mine", "reply"]);
    expect(textOf(chat), `seed ${seed}`).toBe(whole);
    expect(thoughtsOf(chat), `seed ${seed}`).toBe(thoughts);
  }
});
