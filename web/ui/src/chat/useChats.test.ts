import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeSocket } from "../testing/FakeSocket";
import { added, CONVERSATION, live, message, snapshot, state, text } from "../testing/frames";
import type { SendText } from "../wire/protocol";
import { useWire } from "../wire/useWire";
import { useChats } from "./useChats";

const hello: SendText = { type: "send", conversation: CONVERSATION, request_key: "k1", text: "Hello", parent: "mine" };
const problem = (code: "busy" | "not_found" | "storage", key: string | null) =>
  ({ type: "problem", code, text: "No.", conversation: CONVERSATION, request_key: key }) as const;

function start() {
  setActivePinia(createPinia());
  const chats = useChats();
  const wire = useWire();
  wire.open();
  return { chats, wire };
}

/** Cut, and be back at once. */
function cut(): FakeSocket {
  FakeSocket.last.drop();
  vi.advanceTimersByTime(1);
  return FakeSocket.last.welcome();
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  FakeSocket.install();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("reading", () => {
  test("opens what is shown as soon as the line is up, and closes it when nobody looks", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    expect(FakeSocket.last.sent).toEqual([]);
    FakeSocket.last.welcome();
    expect(FakeSocket.last.framesOf("open")).toEqual([{ type: "open", conversation: CONVERSATION }]);
    chats.close(CONVERSATION);
    expect(FakeSocket.last.framesOf("close")).toHaveLength(1);
    expect(chats.chats.size).toBe(0);
  });

  test("goes on after a cut from the token where it stood", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(snapshot(), state(), text(0, 3, "Well, "));
    const socket = cut();
    expect(socket.framesOf("open")).toEqual([{ type: "open", conversation: CONVERSATION, generation: "g1", seq: 3 }]);
    expect(chats.chats.get(CONVERSATION)?.live?.text).toBe("Well, ");
    socket.say(snapshot({ live: live({ seq: 3, next_seq: 4, text: "then." }) }));
    expect(chats.chats.get(CONVERSATION)?.live?.text).toBe("Well, then.");
  });

  test("opens again at a gap, once", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(snapshot(), state(), text(2, 3, "x"), text(3, 4, "y"), text(4, 5, "z"));
    expect(FakeSocket.last.framesOf("open")).toHaveLength(2);
  });

  test("asks for the whole when the rest it got does not fit", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(snapshot({ live: live({ seq: 5, next_seq: 6, text: "x" }) }));
    expect(FakeSocket.last.framesOf("open")).toEqual(Array(2).fill({ type: "open", conversation: CONVERSATION }));
  });

  test("learns that a conversation is gone", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(problem("not_found", null));
    expect(chats.chats.get(CONVERSATION)?.phase).toBe("gone");
  });

  test("learns after a cut that a conversation is gone, and loses what waited for it", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(snapshot());
    chats.post(hello);
    cut().say(problem("not_found", null));
    expect(chats.chats.get(CONVERSATION)?.phase).toBe("gone");
    expect(chats.outbox).toEqual({});
  });

  test("says why it could not be opened, and can be tried again", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(problem("storage", null));
    expect(chats.problems[CONVERSATION]?.text).toBe("No.");
    chats.askAgain(CONVERSATION);
    expect(FakeSocket.last.framesOf("open")).toHaveLength(2);
    expect(chats.problems[CONVERSATION]).toBeUndefined();
  });
});

describe("writing", () => {
  test("sends at once where there is a line, and forgets what the server has", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(snapshot());
    chats.post(hello);
    expect(FakeSocket.last.framesOf("send")).toEqual([hello]);
    FakeSocket.last.say(added(message("new", "mine", { role: "user", text: "Hello" }), "k1"));
    expect(chats.outbox).toEqual({});
  });

  test("keeps what is written without a line, over a reload, and sends it once when it is back", async () => {
    const before = start();
    before.chats.open(CONVERSATION);
    before.chats.post(hello);
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.last.framesOf("send")).toEqual([]);

    FakeSocket.install(); // another page: nothing is known but what the storage holds
    const after = start();
    FakeSocket.last.welcome();
    expect(FakeSocket.last.framesOf("open")).toHaveLength(1);
    FakeSocket.last.say(snapshot());
    expect(FakeSocket.last.framesOf("send")).toEqual([hello]);
    FakeSocket.last.say(added(message("new", "mine", { role: "user", text: "Hello" }), "k1"));
    await vi.advanceTimersByTimeAsync(0);
    expect(after.chats.outbox).toEqual({});
    expect(localStorage.length).toBe(0);
    expect(FakeSocket.last.framesOf("close")).toHaveLength(1);
  });

  test("sends again after a cut, with the same key, unless the snapshot shows it", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(snapshot());
    chats.post(hello);
    const lost = cut();
    lost.say(snapshot());
    expect(lost.framesOf("send")).toEqual([hello]);
    const arrived = cut();
    const mine = message("new", "mine", { role: "user", text: "Hello" });
    arrived.say(snapshot({ messages: [...snapshot().messages, mine] }));
    expect(arrived.framesOf("send")).toEqual([]);
    expect(chats.outbox).toEqual({});
  });

  test("sends nothing twice on one connection", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(snapshot());
    chats.post(hello);
    FakeSocket.last.say(snapshot());
    expect(FakeSocket.last.framesOf("send")).toHaveLength(1);
  });

  test("keeps a refused message until its writer decides", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(snapshot());
    chats.post(hello);
    FakeSocket.last.say(problem("busy", "k1"));
    expect(chats.outbox[CONVERSATION]?.refusal?.text).toBe("No.");
    const again = cut();
    again.say(snapshot());
    expect(again.framesOf("send")).toEqual([]);
    chats.postAgain(CONVERSATION);
    expect(again.framesOf("send")).toEqual([hello]);
    FakeSocket.last.say(problem("busy", "k1"));
    chats.takeBack(CONVERSATION);
    expect(chats.outbox).toEqual({});
  });

  test("says why another request was refused, until it is dismissed", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(snapshot());
    chats.post({ type: "regenerate", conversation: CONVERSATION, request_key: "k2", message: "mine" });
    FakeSocket.last.say(problem("busy", "k2"));
    expect(chats.problems[CONVERSATION]?.text).toBe("No.");
    expect(chats.outbox).toEqual({});
    chats.dismiss(CONVERSATION);
    expect(chats.problems).toEqual({});
  });

  test("waits at a gap until it is closed", () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    FakeSocket.last.welcome().say(snapshot(), text(3, 4, "?"));
    chats.post(hello);
    expect(FakeSocket.last.framesOf("send")).toEqual([]);
    FakeSocket.last.say(snapshot());
    expect(FakeSocket.last.framesOf("send")).toEqual([hello]);
  });

  test("leaves nothing behind at the end of a login", async () => {
    const { chats } = start();
    chats.open(CONVERSATION);
    chats.post(hello);
    chats.forgetAll();
    await vi.advanceTimersByTimeAsync(0);
    expect(localStorage.length).toBe(0);
  });
});
