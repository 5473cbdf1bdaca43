import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { nextTick } from "vue";
import ChatView from "../chat/ChatView.vue";
import { FakeSocket } from "../testing/FakeSocket";
import { CONVERSATION, message, snapshot, state } from "../testing/frames";
import { find, mount } from "../testing/mount";
import { useWire } from "../wire/useWire";
import type { Group, Member } from "../wire/protocol";
import { moved, nextInOrder, seatsOf, wishOf } from "./cast";
import GroupPortrait from "./GroupPortrait.vue";
import MemberRows from "./MemberRows.vue";

function member(version: string, name: string, more: Partial<Member> = {}): Member {
  return { version, name, nickname: "", talkativeness: 0.5, muted: false, left: false, ...more };
}

const group = (more: Partial<Group> = {}): Group => ({
  members: [member("v1", "Vesna"), member("v2", "Marfa", { nickname: "Marfusha" }), member("v3", "Gleb", { left: true })],
  turns: "order",
  round: 1,
  joined: false,
  ...more,
});

describe("who sits at the table", () => {
  test("members are called by their nicknames, with the pictures that there are", () => {
    const faces = [{ version: "v2", name: "Marfa", portrait: "/small.png", left: false }];
    const seats = seatsOf(group(), [], faces);
    expect(seats.map(({ name, portrait, left }) => [name, portrait, left])).toEqual([
      ["Vesna", "", false],
      ["Marfusha", "/small.png", false],
      ["Gleb", "", true],
    ]);
  });

  test.each([
    ["v1", {}, "v2"],
    ["v2", {}, "v1"], // round the table, past the one who left
    ["", {}, "v1"],
    ["v1", { members: [member("v1", "Vesna"), member("v2", "Marfa", { muted: true })] }, "v1"],
    ["v1", { turns: "mention" as const }, ""], // nobody knows before the message is there
  ])("after %s with %o comes %s", (last, more, next) => {
    expect(nextInOrder(group(more), last)).toBe(next);
  });

  test("a wish that changes nothing names those who are there", () => {
    expect(wishOf(group({ round: 2 }))).toEqual({
      members: [
        { version: "v1", muted: false, talkativeness: 0.5 },
        { version: "v2", muted: false, talkativeness: 0.5 },
      ],
      turns: "order",
      round: 2,
      joined: false,
    });
  });

  test("somebody moves by one place", () => {
    expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
    expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
  });

  test("a picture is made of four faces at most", () => {
    const faces = ["Ann", "Ben", "Cat", "Dan", "Eve"].map((name) => ({ name, portrait: "" }));
    expect(mount(GroupPortrait, { faces }).querySelectorAll(".portrait")).toHaveLength(4);
  });
});

describe("the rows of the settings", () => {
  test("who is first cannot move up, and the last one left cannot leave", () => {
    const faces = new Map([["v1", { name: "Vesna", portrait: "" }]]);
    const rows = mount(MemberRows, {
      modelValue: [{ version: "v1", muted: false, talkativeness: null }],
      faces,
      newer: new Map(),
      hasTalkativeness: true,
    });
    const buttons = [...rows.querySelectorAll("button")];
    expect(buttons.map((button) => button.disabled)).toEqual([true, true, true]);
    expect(find<HTMLInputElement>(rows, "input[type=range]").getAttribute("aria-label")).toBe("How talkative Vesna is");
  });
});

test("a member moves to the newer version of its character, where that is not at the table already", () => {
  const faces = new Map(["v1", "v2", "v3"].map((version) => [version, { name: `Vesna ${version}`, portrait: "" }]));
  const onUpdate = vi.fn<(members: unknown) => void>();
  const rows = mount(MemberRows, {
    modelValue: [
      { version: "v1", muted: true, talkativeness: 0.3 },
      { version: "v3", muted: false, talkativeness: null },
    ],
    faces,
    newer: new Map([["v1", "v2"], ["v3", "v1"]]),
    hasTalkativeness: false,
    "onUpdate:modelValue": onUpdate,
  });
  const offers = [...rows.querySelectorAll<HTMLButtonElement>(".newer")];
  expect(offers.map((offer) => offer.getAttribute("aria-label"))).toEqual(["Take the newer version of Vesna v1"]);
  offers[0]?.click();
  expect(onUpdate).toHaveBeenCalledWith([
    { version: "v2", muted: true, talkativeness: 0.3 },
    { version: "v3", muted: false, talkativeness: null },
  ]);
});

describe("a group chat", () => {
  beforeEach(() => {
    localStorage.clear();
    FakeSocket.install();
    vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn() }));
    vi.stubGlobal("ResizeObserver", class {
      observe(): void { /* nothing changes its size here */ }
      disconnect(): void { /* … */ }
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  async function open(more: Parameters<typeof snapshot>[0] = {}) {
    const page = mount(ChatView, { id: CONVERSATION });
    useWire().open();
    const messages = [message("greeting", "root", { speaker: "v1", text: "Come in." })];
    FakeSocket.last.welcome().say(snapshot({ title: "At the stove", group: group(), messages, ...more }));
    await nextTick();
    return page;
  }

  const seat = (page: HTMLElement, name: string) => find<HTMLButtonElement>(page, `button[aria-label^="${name}:"]`);

  test("each message says whose it is, and the bar has those who are there", async () => {
    const page = await open();
    expect(find(page, "li.message .speaker").textContent).toBe("Vesna");
    const seats = [...page.querySelectorAll(".bar .name")].map((one) => one.textContent);
    expect(seats).toEqual(["Vesna", "Marfusha"]);
    expect(seat(page, "Marfusha").classList.contains("next")).toBe(true);
  });

  test("whoever is picked answers the next message, and no other after that", async () => {
    const page = await open();
    seat(page, "Vesna").click();
    await nextTick();
    expect(seat(page, "Vesna").getAttribute("aria-pressed")).toBe("true");
    const box = find<HTMLTextAreaElement>(page, "textarea");
    box.value = "Tea?";
    box.dispatchEvent(new Event("input"));
    await nextTick();
    find<HTMLFormElement>(page, ".composer form").dispatchEvent(new Event("submit"));
    await nextTick();
    expect(FakeSocket.last.framesOf("send")[0]).toMatchObject({ text: "Tea?", speaker: "v1" });
    expect(seat(page, "Vesna").getAttribute("aria-pressed")).toBe("false");
  });

  test("somebody can be let speak without a word of the person", async () => {
    const page = await open();
    find<HTMLButtonElement>(page, 'button[aria-label="Let somebody speak"]').click();
    expect(FakeSocket.last.framesOf("speak")[0]).toMatchObject({ parent: "greeting" });
  });

  test("who is speaking is shown at the bar and in the header", async () => {
    const page = await open();
    FakeSocket.last.say(state({ parent: "greeting", speaker: "v2", round_left: 1 }));
    await nextTick();
    expect(seat(page, "Marfusha").classList.contains("speaking")).toBe(true);
    expect(find(page, "header p").textContent).toBe("Marfusha is writing…");
  });

  test("a reply can be another's", async () => {
    const messages = [
      message("greeting", "root", { speaker: "v1" }),
      message("mine", "greeting", { role: "user" }),
      message("reply", "mine", { speaker: "v1" }),
    ];
    const page = await open({ messages });
    find<HTMLButtonElement>(page, 'li.message:last-child button[aria-label="Another character answers"]').click();
    await nextTick();
    find<HTMLButtonElement>(page, 'button[aria-label="Marfusha answers instead"]').click();
    expect(FakeSocket.last.framesOf("regenerate")[0]).toMatchObject({ message: "reply", speaker: "v2" });
  });
});
