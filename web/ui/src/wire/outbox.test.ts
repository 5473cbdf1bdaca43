import { beforeEach, describe, expect, test } from "vitest";
import { added, CONVERSATION, live, message, snapshot, state } from "../testing/frames";
import * as outboxes from "./outbox";
import type { Command, Outbox } from "./outbox";

const send: Command = { type: "send", conversation: CONVERSATION, request_key: "k1", text: "Hello", parent: "mine" };
const waiting = outboxes.put({}, send);
const onItsWay = outboxes.sent(waiting, CONVERSATION);
const again: Command = { type: "regenerate", conversation: CONVERSATION, request_key: "k2", message: "old" };

const after = (outbox: Outbox, ...events: Parameters<typeof outboxes.heard>[1][]): Outbox => events.reduce(outboxes.heard, outbox);

describe("a message in the outbox", () => {
  test("leaves it when the server shows that it has it", () => {
    expect(after(onItsWay, added(message("new", "mine"), "k1"))).toEqual({});
  });

  test("stays while others' messages come in", () => {
    expect(after(onItsWay, added(message("new", "mine"), "other"), added(message("new2", "new")), state())).toBe(onItsWay);
  });

  test("leaves it when a snapshot shows it below its parent", () => {
    const mine = message("new", "mine", { role: "user", text: "Hello" });
    expect(after(waiting, snapshot({ messages: [...snapshot().messages, mine] }))).toEqual({});
  });

  test("is not taken for an older one of the same words", () => {
    const older = message("old", "greeting", { role: "user", text: "Hello" });
    expect(after(waiting, snapshot({ messages: [message("greeting", "root"), older] }))[CONVERSATION]).toBeDefined();
  });

  test("stays through one snapshot that does not show it, and leaves with the second", () => {
    const once = after(onItsWay, snapshot());
    expect(once[CONVERSATION]?.snapshots).toBe(1);
    expect(after(once, snapshot())).toEqual({});
  });

  test("that was not sent yet stays through any number of snapshots", () => {
    expect(after(waiting, snapshot(), snapshot(), snapshot())).toBe(waiting);
  });

  test("is to be sent again after a cut, with the same key", () => {
    const cut = outboxes.disconnected(after(onItsWay, snapshot()));
    expect(cut[CONVERSATION]).toMatchObject({ sent: false, command: { request_key: "k1" } });
    expect(outboxes.sent(cut, CONVERSATION)[CONVERSATION]?.snapshots).toBe(0);
  });

  test("that was refused says why and waits for its writer", () => {
    const refused = outboxes.refused(onItsWay, CONVERSATION, "k1", { code: "too_long", text: "Too long." });
    expect(refused[CONVERSATION]).toMatchObject({ refusal: { code: "too_long" }, sent: false });
    expect(outboxes.disconnected(refused)[CONVERSATION]?.refusal?.text).toBe("Too long.");
  });

  test("is not touched by the refusal of another request", () => {
    expect(outboxes.refused(onItsWay, CONVERSATION, "other", { code: "busy", text: "No." })).toBe(onItsWay);
  });

  test("goes with its conversation", () => {
    expect(after(onItsWay, { type: "conversation_gone", conversation: CONVERSATION })).toEqual({});
  });
});

describe("a request for another reply", () => {
  const asked = outboxes.sent(outboxes.put({}, again), CONVERSATION);

  test("leaves the outbox with the snapshot that shows the new reply", () => {
    expect(after(asked, snapshot({ live: live({ siblings: ["old", "reply"] }) }))).toEqual({});
  });

  test("is forgotten when it is refused: nothing of a person's is lost with it", () => {
    expect(outboxes.refused(asked, CONVERSATION, "k2", { code: "busy", text: "Busy." })).toEqual({});
  });
});

describe("an edit and a continuation", () => {
  test("leave the outbox with the snapshot that shows them", () => {
    const edit: Command = { type: "edit", conversation: CONVERSATION, request_key: "k", message: "mine", text: "New" };
    const shown = message("mine2", "greeting", { text: "New", siblings: ["mine", "mine2"] });
    expect(after(outboxes.put({}, edit), snapshot({ messages: [message("greeting", "root"), shown] }))).toEqual({});
    const goOn: Command = { type: "continue", conversation: CONVERSATION, request_key: "k", message: "old" };
    const longer = live({ siblings: ["old", "reply"], continues: "Well" });
    expect(after(outboxes.put({}, goOn), snapshot({ live: longer }))).toEqual({});
  });
});

describe("the browser's storage", () => {
  beforeEach(() => {
    localStorage.clear();
  });

  test("keeps what waits, as not sent", () => {
    outboxes.store(localStorage, onItsWay);
    expect(outboxes.stored(localStorage)).toEqual(waiting);
  });

  test("holds nothing when nothing waits", () => {
    outboxes.store(localStorage, onItsWay);
    outboxes.store(localStorage, {});
    expect(localStorage.length).toBe(0);
  });

  test("with something else in it is as good as empty", () => {
    localStorage.setItem("samovar.outbox", "{");
    expect(outboxes.stored(localStorage)).toEqual({});
  });
});
