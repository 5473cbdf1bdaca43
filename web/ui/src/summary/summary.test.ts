import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { nextTick, ref } from "vue";
import { find, mount } from "../testing/mount";
import { snapshot } from "../testing/frames";
import { apply, unopened, type Conversation } from "../wire/conversation";
import type { ShownContext, ShownSummaries, ShownSummary } from "../wire/protocol";
import ContextGauge from "./ContextGauge.vue";
import SummaryMark from "./SummaryMark.vue";
import SummaryPanel from "./SummaryPanel.vue";

const CONTEXT: ShownContext = { used: 620, budget: 1_000, due: 700, messages: 4 };
const FIRST: ShownSummary = { upto: "m4", text: "They met.", by: "model", count: 4, stale: false };
const SECOND: ShownSummary = { upto: "m9", text: "They met and had tea.", by: "person", count: 9, stale: false };

let refuses = false;
const asked: string[] = [];
let answered = 0;

beforeEach(() => {
  asked.length = 0;
  answered = 0;
  refuses = false;
  HTMLDialogElement.prototype.showModal = function show(this: HTMLDialogElement): void {
    this.setAttribute("open", "");
  };
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push(`${init.method ?? ""} ${path} ${typeof init.body === "string" ? init.body : ""}`.trim());
    const refusal = { code: "busy", text: "A reply is still being made.", limit: 0, cause: "", facts: [] };
    const answer = new Response(refuses ? JSON.stringify(refusal) : null, { status: refuses ? 409 : 204 });
    const read = answer.text.bind(answer);
    answer.text = async () => {
      const text = await read();
      answered += 1;
      return text;
    };
    return Promise.resolve(answer);
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const textOf = (element: Element | null): string => (element?.textContent ?? "").replaceAll(/\s+/g, " ").trim();
const drawer = (): HTMLElement => find(document, ".drawer");
const button = (name: RegExp): HTMLButtonElement => {
  const found = [...drawer().querySelectorAll("button")].find((one) => name.test(textOf(one)));
  if (!found) throw new Error(`there is no button ${String(name)}`);
  return found;
};
async function click(name: RegExp): Promise<void> {
  button(name).click();
  await vi.waitFor(() => {
    expect(answered).toBe(asked.length);
  });
  await nextTick();
  await nextTick();
}

function panel(summaries: Partial<ShownSummaries> = {}, context: ShownContext | null = CONTEXT) {
  const whole = { wanted: true, shown: [], writing: null, ...summaries };
  const state = ref<Conversation>(apply(unopened("c1"), { ...snapshot({ summaries: whole, context }), conversation: "c1" }));
  const seek = vi.fn<(message: string) => void>();
  const onClose = vi.fn();
  mount(SummaryPanel, { chat: { id: "c1", state, canAct: ref(true), seek }, onClose });
  return { state, seek, onClose };
}

describe("the gauge", () => {
  test("says how full the context is, and opens the panel", () => {
    const onOpen = vi.fn();
    const root = mount(ContextGauge, { context: CONTEXT, isWriting: false, onOpen });
    expect(textOf(root)).toContain("62%");
    expect(textOf(root)).toContain("Room in the model’s context: 62% used");
    find(root, "button").click();
    expect(onOpen).toHaveBeenCalledOnce();
  });

  test("shows no number before there is one, and says when a summary is written", () => {
    expect(textOf(mount(ContextGauge, { context: null, isWriting: false }))).not.toMatch(/\d/);
    expect(textOf(mount(ContextGauge, { context: CONTEXT, isWriting: true }))).toContain("being summarised");
  });
});

describe("the panel", () => {
  test("tells how much room is taken and when the oldest messages are summarised", () => {
    panel();
    expect(textOf(drawer())).toContain("About 620 of 1,000 tokens");
    expect(textOf(drawer())).toContain("In about 4 messages the oldest will be summarised.");
    expect(textOf(drawer())).toContain("There is no summary");
  });

  test.each<[Partial<ShownContext> | null, string]>([
    [{ messages: 0 }, "as soon as nobody is writing"],
    [{ due: 0, messages: 0 }, "the oldest messages are left out"],
    [null, "after the next reply"],
  ])("of %j says %s", (context, line) => {
    panel({}, context && { ...CONTEXT, ...context });
    expect(textOf(drawer())).toContain(line);
  });

  test("shows the summary that stands, what it stands for, and the ones before", () => {
    const { seek, onClose } = panel({ shown: [FIRST, SECOND] });
    expect(find<HTMLTextAreaElement>(drawer(), "textarea").value).toBe(SECOND.text);
    expect(textOf(drawer())).toContain("in place of messages 1 to 9");
    expect(textOf(drawer())).toContain("In your words");
    expect(textOf(find(drawer(), "details"))).toContain("Messages 1 to 4They met.");
    button(/Show where it ends/).click();
    expect(seek).toHaveBeenCalledWith("m9");
    expect(onClose).toHaveBeenCalledOnce();
  });

  test("saves other words, and takes them back", async () => {
    panel({ shown: [FIRST] });
    const box = find<HTMLTextAreaElement>(drawer(), "textarea");
    box.value = " They met at the well. ";
    box.dispatchEvent(new Event("input"));
    await nextTick();
    await click(/^Save$/);
    expect(asked).toEqual(['PUT /api/conversations/c1/summaries/m4 {"text":"They met at the well."}']);
    expect(textOf(drawer())).toContain("Saved.");
    await click(/Undo my changes/);
    expect(box.value).toBe("They met.");
  });

  test("keeps what is being written when the model's words come", async () => {
    const { state } = panel({ shown: [FIRST] });
    const box = find<HTMLTextAreaElement>(drawer(), "textarea");
    state.value = { ...state.value, summaries: { ...state.value.summaries, shown: [{ ...FIRST, text: "They met twice." }] } };
    await nextTick();
    expect(box.value).toBe("They met twice.");
    box.value = "Mine";
    box.dispatchEvent(new Event("input"));
    state.value = { ...state.value, summaries: { ...state.value.summaries, shown: [FIRST] } };
    await nextTick();
    expect(box.value).toBe("Mine");
  });

  test("has it written anew, and removes it with a way back", async () => {
    panel({ shown: [FIRST] });
    await click(/Write anew/);
    await click(/Remove/);
    expect(textOf(drawer())).toContain("The summary was removed.");
    await click(/^Undo$/);
    expect(asked).toEqual([
      "POST /api/conversations/c1/summaries/m4",
      "DELETE /api/conversations/c1/summaries/m4",
      'PUT /api/conversations/c1/summaries/m4 {"text":"They met."}',
    ]);
  });

  test("asks for the next one, and says that it is being written", async () => {
    const { state } = panel();
    await click(/Summarise up to now/);
    expect(asked).toEqual(["POST /api/conversations/c1/summaries"]);
    state.value = { ...state.value, summaries: { wanted: true, shown: [], writing: "m4" } };
    await nextTick();
    expect(textOf(drawer())).toContain("A summary is being written.");
  });

  test("does without, and says why the server refuses", async () => {
    panel({ shown: [FIRST] });
    refuses = true;
    find<HTMLInputElement>(drawer(), "input[type=checkbox]").click();
    await vi.waitFor(() => {
      expect(drawer().querySelector("[role=alert]")).not.toBeNull();
    });
    expect(asked).toEqual(['PUT /api/conversations/c1/summaries {"wanted":false}']);
  });

  test.each([
    ["model", "It will be written anew as soon as nobody is writing."],
    ["person", "Mend your words, or have it written anew."],
  ] as const)("marks a stale one by %s", (by, line) => {
    panel({ shown: [{ ...FIRST, by, stale: true }] });
    expect(textOf(drawer())).toContain(line);
  });
});

test("the mark in the transcript opens the panel", () => {
  const onOpen = vi.fn();
  const root = mount(SummaryMark, { onOpen });
  expect(textOf(root)).toBe("Summarised up to here");
  find(root, "button").click();
  expect(onOpen).toHaveBeenCalledOnce();
});

test("events tell of the context and of summaries", () => {
  const open = apply(unopened("c1"), { ...snapshot(), conversation: "c1" });
  expect(open.context).toBeNull();
  expect(apply(open, { type: "context", conversation: "c1", context: CONTEXT }).context).toEqual(CONTEXT);
});
