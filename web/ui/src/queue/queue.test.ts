import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { nextTick } from "vue";
import { en } from "../messages/en";
import { ru } from "../messages/ru";
import { speak } from "../messages/words";
import { useSession } from "../session/useSession";
import { find, mount } from "../testing/mount";
import type { QueueEntry, QueueView } from "../wire/protocol";
import QueueScreen from "./QueueScreen.vue";
import { refusalOf } from "./refusal";

const entry = (id: string, user: string, place: number, more: Partial<QueueEntry> = {}): QueueEntry => ({
  id, user_name: user, place, since_s: 12, wait_s: -1, box: "", ...more,
}); // prettier-ignore

const VIEW: QueueView = {
  entries: [entry("a", "Anna", 0, { box: "Attic" }), entry("b", "Boris", 1, { wait_s: 120 }), entry("c", "Anna", 2)],
  users: [{ id: "u1", name: "Anna", share: 1 }],
  boxes: [
    { id: "x", name: "Attic", state: "ready", busy: 1, slots: 2, drained: false },
    { id: "y", name: "Cellar", state: "drained", busy: 0, slots: 2, drained: true },
  ],
};

const asked: string[] = [];

beforeEach(() => {
  setActivePinia(createPinia());
  vi.useFakeTimers();
  asked.length = 0;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push(`${init.method ?? ""} ${path} ${typeof init.body === "string" ? init.body : ""}`.trim());
    return Promise.resolve(new Response(JSON.stringify(VIEW)));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function shown(role = "owner"): Promise<HTMLElement> {
  const root = mount(QueueScreen);
  useSession().me = { version: "1", setup_needed: false, code_needed: false, user: "u1", user_name: "Olga", role };
  await vi.advanceTimersByTimeAsync(1_100);
  await nextTick();
  return root;
}

async function press(root: HTMLElement, label: string): Promise<void> {
  find<HTMLButtonElement>(root, `button[aria-label="${label}"]`).click();
  await vi.advanceTimersByTimeAsync(10);
}

describe("the queue of the owner", () => {
  test("shows who is served and who waits, with an estimate where there is one", async () => {
    const lines = [...(await shown()).querySelectorAll("ol li p")].map((line) => line.textContent);
    expect(lines).toEqual([
      "AnnaBeing written by Attic for 12 s",
      "BorisPlace 1, waiting for 12 s · about 2 min to go",
      "AnnaPlace 2, waiting for 12 s",
    ]);
  });

  test("moves and ends replies, drains boxes, gives shares", async () => {
    const root = await shown();
    await press(root, "Up: the reply of Anna at place 2");
    await press(root, "First: the reply of Anna at place 2");
    await press(root, "End a reply of Boris");
    await press(root, "Drain Attic: give it nothing new");
    await press(root, "Let it serve: Cellar");
    const field = find<HTMLInputElement>(root, 'input[aria-label="Share of Anna"]');
    field.value = "2.5";
    field.dispatchEvent(new Event("change"));
    await vi.advanceTimersByTimeAsync(10);
    expect(asked.filter((each) => !each.startsWith("GET"))).toEqual([
      'POST /api/queue/c {"to":"up"}',
      'POST /api/queue/c {"to":"first"}',
      "DELETE /api/queue/b",
      'PUT /api/queue/boxes/x {"drained":true}',
      'PUT /api/queue/boxes/y {"drained":false}',
      'PUT /api/queue/users/u1 {"share":2.5}',
    ]);
  });

  test("leaves a share alone that is being typed, though the queue is fetched anew meanwhile", async () => {
    const root = await shown();
    const field = find<HTMLInputElement>(root, 'input[aria-label="Share of Anna"]');
    field.value = "2";
    field.dispatchEvent(new Event("input"));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(field.value).toBe("2");
  });

  test("asks for nothing on behalf of somebody who is no owner", async () => {
    const root = await shown("user");
    expect(root.textContent).toContain("Only the owner");
    expect(asked.filter((each) => each.includes("/api/queue"))).toEqual([]);
  });
});

describe("a refusal of the queue", () => {
  const midnight = Date.UTC(2026, 10, 27);
  const said = (reason: string, limit: number, againMs = 0): string => refusalOf({ reason, why: "", cause: "", facts: [], limit, againMs });

  afterEach(() => {
    speak(en);
  });

  test.each([
    ["queue_full", 64, "64 replies are waiting already: ask again in a few minutes."],
    ["user_waiting", 1, "1 reply of yours waits already: ask again when one of them is done."],
    ["dismissed", 0, "Somebody who keeps this Samovar took the reply out of the queue: ask them, or ask for it again."],
  ])("%s is one sentence", (reason, limit, sentence) => {
    expect(said(reason, limit)).toBe(sentence);
  });

  test.each([
    ["queue_full", 21, "В очереди уже 21 ответ: попросите снова через несколько минут."],
    ["queue_full", 64, "В очереди уже 64 ответа: попросите снова через несколько минут."],
    ["user_waiting", 16, "Уже 16 ваших ответов ждут очереди: попросите снова, когда один из них будет готов."],
  ])("%s of %i is one sentence in Russian", (reason, limit, sentence) => {
    speak(ru);
    expect(said(reason, limit)).toBe(sentence);
  });

  test("of the day says when there is more, in the time of the reader", () => {
    expect(said("user_tokens", 50_000, midnight)).toMatch(
      /^You have had the 50,000 tokens of this day: ask again after .*November.*\.$/,
    );
    speak(ru);
    expect(said("user_tokens", 50_000, midnight)).toMatch(/токенов на этот день израсходованы: .*ноября.*\.$/);
  });

  test("is said of nothing else", () => {
    expect(said("stop", 0)).toBe("");
    expect(said("no_worker", 0)).toBe("");
  });
});
