import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { nextTick } from "vue";
import { ru } from "../messages/ru";
import { en } from "../messages/en";
import { speak, words } from "../messages/words";
import { mount } from "../testing/mount";
import type { MessageTrace, PromptPart, PromptPreview } from "../wire/protocol";
import { aroundKey, nameOf, sharesOf, whyLore, whyOut } from "./parts";
import PreviewPanel from "./PreviewPanel.vue";
import TracePanel from "./TracePanel.vue";

const part = (kind: string, tokens: number, more: Partial<PromptPart> = {}): PromptPart => ({
  kind, source: `the ${kind}`, tokens, kept: true, why: "", entry: "", key: "", said: "", excerpt: "", count: 1, reason: "", role: "", ...more,
}); // prettier-ignore

const TEA = part("lore", 30, { entry: "The samovar", key: "tea", said: "Is there tea?", excerpt: "It is of brass.", reason: "key" });
const PARTS = [
  part("system", 20),
  part("description", 100),
  TEA,
  part("message", 40, { role: "user", excerpt: "Is there tea?" }),
  part("message", 200, { kept: false, count: 12, reason: "context", why: "no room within 3,584 tokens" }),
];
const TRACE: MessageTrace = {
  parts: PARTS, prompt_tokens: 200, reused: 120, cloned: 0, context: 4096, budget: 3584, model: "SmolLM2", engine: "ONNX Runtime", format: "",
  sampling: [{ name: "temperature", value: "0.8" }, { name: "dry_base", value: "2" }], tokens: 57, speed: 12.34, reading_s: 0.8, attempts: 1,
}; // prettier-ignore
const PREVIEW: PromptPreview = {
  exact: true, tokens: 200, parts: PARTS, why: "", trouble: "", model: "SmolLM2", engine: "", format: "", context: 4096, budget: 3584,
  messages: [{ role: "system", text: "Play." }, { role: "user", text: "Is there tea?" }], text: "<|im_start|>Play.",
}; // prettier-ignore

let answer: [number, unknown];
const asked: string[] = [];

beforeEach(() => {
  asked.length = 0;
  HTMLDialogElement.prototype.showModal = function show(this: HTMLDialogElement): void {
    this.setAttribute("open", "");
  };
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push(`${init.method ?? ""} ${path} ${typeof init.body === "string" ? init.body : ""}`.trim());
    return Promise.resolve(new Response(JSON.stringify(answer[1]), { status: answer[0] }));
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  speak(en);
});

async function shown(): Promise<HTMLElement> {
  await vi.waitFor(() => {
    const drawer = document.querySelector<HTMLElement>(".drawer");
    if (!drawer || drawer.querySelector("[role='status']")) throw new Error("it is still being fetched");
  });
  await nextTick();
  return document.querySelector<HTMLElement>(".drawer") ?? document.body;
}

const textOf = (element: Element | null): string => (element?.textContent ?? "").replaceAll(/\s+/g, " ").trim();
const all = (root: Element, selector: string): string[] => [...root.querySelectorAll(selector)].map(textOf);

describe("the parts of a prompt", () => {
  test("are added up in groups, and what they lack is the model's own format", () => {
    expect(sharesOf(PARTS, 200)).toEqual([
      { group: "instructions", tokens: 20 },
      { group: "character", tokens: 100 },
      { group: "lore", tokens: 30 },
      { group: "talk", tokens: 40 },
      { group: "frame", tokens: 10 },
    ]);
  });

  test("of a kind that the page does not know go by what the server calls them", () => {
    expect(nameOf(part("weather", 1), "Vesna")).toBe("the weather");
    expect(sharesOf([part("weather", 1)], 1)).toEqual([{ group: "other", tokens: 1 }]);
  });

  test("have the names that people know them by", () => {
    const names = [TEA, part("message", 1, { role: "assistant" }), part("message", 1, { role: "user" }), part("message", 9, { count: 12 })];
    expect(names.map((one) => nameOf(one, "Vesna"))).toEqual(["The samovar", "Vesna", "You", "12\u00a0older messages"]);
  });

  test("say why they are there, or are not", () => {
    expect(whyLore(TEA)).toBe("“tea” was said:");
    expect(whyLore(part("lore", 1, { reason: "constant" }))).toBe("Always there.");
    expect(whyLore(part("lore", 1, { reason: "sticky" }))).toBe("It came up earlier in the talk and stays.");
    expect(whyOut(part("lore", 1, { kept: false, reason: "group", why: "another of the group" }))).toBe(words.trace.reasons.group);
    expect(whyOut(part("lore", 1, { kept: false, why: "a cause of its own" }))).toBe("a cause of its own");
  });

  test("show the key where it was said, whatever its letters", () => {
    expect(aroundKey("Is there TEA?", "tea")).toEqual(["Is there ", "TEA", "?"]);
    expect(aroundKey("Is there tea?", "/t.a/")).toEqual(["Is there tea?", "", ""]);
  });
});

describe("why a reply is as it is", () => {
  test("is told from the whole to the detail", async () => {
    answer = [200, TRACE];
    mount(TracePanel, { conversation: "c1", message: "m1", companion: "Vesna" });
    const drawer = await shown();
    expect(asked).toEqual(["GET /api/conversations/c1/messages/m1/trace"]);
    expect(textOf(drawer)).toContain("To write this, the model read 200 tokens");
    expect(all(drawer, ".made li")).toEqual([
      "Instructions20 tokens", "The character100 tokens", "Lore30 tokens", "The conversation40 tokens", "The model’s own format10 tokens",
    ]); // prettier-ignore
    expect(textOf(drawer.querySelector(".lore li"))).toBe("The samovar30 tokens“tea” was said:Is there tea?It is of brass.");
    expect(textOf(drawer.querySelector("mark"))).toBe("tea");
    expect(textOf(drawer)).toContain("12 older messages There was no room for it.");
    expect(drawer.querySelectorAll("details[open]")).toHaveLength(0);
    expect(all(drawer, "dl")).toEqual([
      "ModelSmolLM2EngineONNX RuntimeThe reply57 tokensSpeed12.3 tokens a secondFirst word after0.8 sFrom memory120 of 200 tokens were known from before and cost no time.",
      "Temperature0.8dry_base2",
    ]);
  });

  test("is told in Russian", async () => {
    speak(ru);
    answer = [200, TRACE];
    mount(TracePanel, { conversation: "c1", message: "m1", companion: "Весна" });
    const drawer = await shown();
    expect(textOf(drawer)).toContain("Чтобы это написать, модель прочла 200 токенов");
    expect(textOf(drawer)).toContain("Прозвучало «tea»:");
    expect(textOf(drawer)).toContain("12,3 токена в секунду");
  });

  test("was not kept of older replies", async () => {
    answer = [404, { code: "no_trace", text: "It was not kept.", limit: 0 }];
    mount(TracePanel, { conversation: "c1", message: "m1", companion: "Vesna" });
    expect(textOf(await shown())).toContain("was not kept");
  });

  test("can be asked for again where the server did not answer", async () => {
    answer = [503, { code: "storage", text: "", limit: 0 }];
    mount(TracePanel, { conversation: "c1", message: "m1", companion: "Vesna" });
    const drawer = await shown();
    expect(drawer.querySelector("[role='alert']")).not.toBeNull();
    answer = [200, TRACE];
    drawer.querySelector<HTMLButtonElement>(".button")?.click();
    await vi.waitFor(() => {
      expect(drawer.querySelector(".made")).not.toBeNull();
    });
  });
});

describe("the next prompt", () => {
  test("is built with what is written and not sent", async () => {
    answer = [200, PREVIEW];
    mount(PreviewPanel, { conversation: "c1", text: "Is there tea?", companion: "Vesna" });
    const drawer = await shown();
    expect(asked).toEqual(['POST /api/conversations/c1/prompt {"text":"Is there tea?"}']);
    expect(all(drawer, ".role")).toEqual(["System", "User"]);
    expect(textOf(drawer.querySelector("pre"))).toBe("<|im_start|>Play.");
    expect(drawer.querySelector(".estimate")).toBeNull();
  });

  test("says where it is an estimate, and why", async () => {
    answer = [200, { ...PREVIEW, exact: false, why: "no_box", context: 0, budget: 0, messages: [], text: "" }];
    mount(PreviewPanel, { conversation: "c1", text: "", companion: "Vesna" });
    const drawer = await shown();
    expect(textOf(drawer.querySelector(".estimate"))).toContain("this is an estimate");
    expect(all(drawer, ".made .tokens")[0]).toBe("about 20 tokens");
    expect(drawer.querySelector("[role=meter]")).toBeNull();
  });

  test("says why it cannot be built", async () => {
    answer = [200, { ...PREVIEW, trouble: "the prompt needs 90 tokens more", parts: [] }];
    mount(PreviewPanel, { conversation: "c1", text: "", companion: "Vesna" });
    expect(textOf((await shown()).querySelector("[role='alert']"))).toBe("the prompt needs 90 tokens more");
  });
});
