/** What the model writes for its reader to say, on the page of a conversation: box, buttons, and what went wrong. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defineComponent, h, nextTick } from "vue";
import { FakeSocket } from "../testing/FakeSocket";
import { added, CONVERSATION, finished, live, message, snapshot, text } from "../testing/frames";
import { find, mount } from "../testing/mount";
import type { LiveReply, ReplyFinished, Snapshot } from "../wire/protocol";
import { useWire } from "../wire/useWire";
import ChatTranscript from "./ChatTranscript.vue";
import MessageComposer from "./MessageComposer.vue";
import { useChat } from "./useChat";

const WRITTEN: Partial<LiveReply> = { kind: "impersonate", message: "draft", siblings: [] };
const Page = defineComponent({
  setup() {
    useWire().open();
    const chat = useChat(CONVERSATION);
    return () => [h(ChatTranscript, { chat, isGreeting: () => false }), h(MessageComposer, { id: CONVERSATION, chat })];
  },
});

/** The page of a conversation that is open, and what is asked of the model there. */
async function page(suggestion: { generation: string; text: string } | null = null) {
  const root = mount(Page);
  const socket = FakeSocket.last.welcome();
  const box = find<HTMLTextAreaElement>(root, "textarea");
  const button = (label: string): HTMLButtonElement => find(root, `button[aria-label="${label}"]`);
  const said = async (...frames: Parameters<FakeSocket["say"]>): Promise<void> => {
    socket.say(...frames);
    await nextTick();
  };
  await said(snapshot({ suggestion }));
  return {
    root, socket, box, button, said,
    write: async (words: string): Promise<void> => {
      box.value = words;
      box.dispatchEvent(new Event("input"));
      await nextTick();
    },
  }; // prettier-ignore
}

/** What the server says when it begins, and when it is over: `words` are what was made. */
const begun = (continues = "") => snapshot({ live: live({ ...WRITTEN, continues }) });
function over(words: string, more: Partial<ReplyFinished> = {}): [ReplyFinished, Snapshot] {
  const suggestion = words === "" ? null : { generation: "g1", text: words };
  return [finished({ message: null, suggestion, ...more }), snapshot({ suggestion })];
}

beforeEach(() => {
  localStorage.clear();
  FakeSocket.install();
  vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new Error("no server"))));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test("the model goes on from what is in the box, which is its own until it is through", async () => {
  const { box, button, said, socket, write } = await page();
  await write("I come");
  button("Let it write for you").click();
  const [asked] = socket.framesOf("impersonate");
  expect([asked?.conversation, asked?.text]).toEqual([CONVERSATION, "I come"]);

  await said(begun("I come"), text(0, 1, " in"));
  expect([box.value, box.readOnly]).toEqual(["I come in", true]);
  await said(text(1, 2, "side."));
  expect(box.value).toBe("I come inside.");

  await said(...over("I come inside."));
  expect([box.value, box.readOnly]).toEqual(["I come inside.", false]);
  expect(button("Send").disabled).toBe(false);
});

test("it can be stopped, and what there is stays to be sent", async () => {
  const { box, button, said, socket } = await page();
  button("Let it write for you").click();
  await said(begun(), text(0, 1, "I wa"));
  button("Stop the reply").click();
  await nextTick();
  expect(socket.framesOf("stop")).toEqual([{ type: "stop", conversation: CONVERSATION, generation: "g1" }]);
  await said(...over("I wa", { reason: "cancelled" }));
  expect([box.value, box.readOnly, button("Send").disabled]).toEqual(["I wa", false, false]);
});

test("stopped before its first word, it leaves the box as it was, and nothing needs saying", async () => {
  const { root, box, button, said, write } = await page();
  await write("I come");
  button("Let it write for you").click();
  await said(begun("I come"), ...over("", { reason: "cancelled" }));
  expect([box.value, box.readOnly]).toEqual(["I come", false]);
  expect(root.querySelector("[role=alert]")).toBeNull();
});

test("when nothing comes of it, the page says so, and what was in the box is there", async () => {
  const { root, box, button, said, write } = await page();
  await write("I come");
  button("Let it write for you").click();
  await said(begun("I come"), ...over("", { reason: "failed", why: "The model is gone." }));
  expect(find(root, "[role=alert]").textContent).toContain("The model is gone.");
  expect([box.value, box.readOnly]).toEqual(["I come", false]);
});

test("when it is refused, the page says so, and one may ask again", async () => {
  const { root, button, said, socket } = await page();
  button("Let it write for you").click();
  const key = socket.framesOf("impersonate")[0]?.request_key ?? "";
  await said({ type: "problem", code: "busy", text: "No.", conversation: CONVERSATION, request_key: key });
  expect(find(root, "[role=alert]").textContent).not.toBe("");
  expect(button("Let it write for you").disabled).toBe(false);
});

test("it comes into the box once: what one made of it stays, on the next page too", async () => {
  const suggestion = { generation: "g1", text: "I come inside." };
  const first = await page(suggestion);
  expect(first.box.value).toBe("I come inside.");
  await first.write("I stay outside.");
  const second = await page(suggestion);
  expect(second.box.value).toBe("I stay outside.");
});

test("it goes when something else is said meanwhile, unless it was changed", async () => {
  const other = () => added(message("other", "greeting", { role: "user", text: "Hello from the phone." }));
  const suggestion = { generation: "g1", text: "I come inside." };
  const untouched = await page(suggestion);
  await untouched.said(other(), snapshot());
  expect(untouched.box.value).toBe("");

  const changed = await page({ ...suggestion, generation: "g2" });
  await changed.write("I come inside, slowly.");
  await changed.said(other(), snapshot());
  expect(changed.box.value).toBe("I come inside, slowly.");
});

test("a page that is opened while it is written shows it as it grows", async () => {
  const { box, said } = await page();
  await said(snapshot({ live: live({ ...WRITTEN, continues: "I ", text: "co", next_seq: 1 }) }), text(1, 2, "me."));
  expect([box.value, box.readOnly]).toEqual(["I come.", true]);
});
