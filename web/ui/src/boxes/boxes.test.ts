import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { nextTick } from "vue";
import { mount } from "../testing/mount";
import type { BoxFacts, BoxList } from "../wire/protocol";
import AddBoxDialog from "./AddBoxDialog.vue";
import QrCode from "./QrCode.vue";

const BOX: BoxFacts = {
  id: "attic", name: "Attic", own: false, fingerprint: "AAAA-BBBB-CCCC", paired_ms: 1, seen_ms: 0, software: "0.1.0", revoked_ms: 0,
}; // prettier-ignore
const OFFER = { join: "SAMOVAR1XYZ", qr: ["10", "01"], addresses: ["vds:7777"], expires_s: 600, server_key: "k" };

/** A server of the offer; `state.offer` is what the list says of it. */
function serve(offer: BoxList["offer"]) {
  const state: { offer: BoxList["offer"]; asked: string[] } = { offer, asked: [] };
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    state.asked.push(`${init.method ?? ""} ${path}`);
    const list: BoxList = { boxes: [], offer: state.offer, listens: "0.0.0.0:7777", loopback: false, key_change: null };
    return Promise.resolve(new Response(JSON.stringify(path.endsWith("/offer") ? OFFER : list)));
  });
  return state;
}

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_100);
  await nextTick();
}

beforeEach(() => {
  setActivePinia(createPinia());
  vi.useFakeTimers();
  HTMLDialogElement.prototype.showModal = () => undefined;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

describe("adding a GPU box", () => {
  test("shows the command, the time that is left, and the fingerprint when the box has joined", async () => {
    const server = serve({ left_s: 125, joined: null });
    mount(AddBoxDialog);
    await settled();
    expect(document.body.textContent).toContain("samovar join SAMOVAR1XYZ");
    expect(document.body.textContent).toContain("2:05");
    server.offer = { left_s: 120, joined: BOX };
    await settled();
    expect(document.body.textContent).toContain("Attic has joined");
    expect(document.body.textContent).toContain("AAAA-BBBB-CCCC");
    expect(document.body.textContent).not.toContain("SAMOVAR1XYZ");
  });

  test("says that the time is over, and makes a new one when asked", async () => {
    const server = serve({ left_s: 1, joined: null });
    mount(AddBoxDialog);
    await settled();
    server.offer = null;
    await settled();
    expect(document.body.textContent).toContain("holds no longer");
    server.offer = { left_s: 600, joined: null };
    const again = [...document.querySelectorAll("button")].find((button) => button.textContent.includes("Make a new one"));
    again?.click();
    await settled();
    expect(document.body.textContent).toContain("samovar join SAMOVAR1XYZ");
    expect(server.asked.filter((line) => line === "POST /api/boxes/offer")).toHaveLength(2);
  });
});

test("a QR code has its quiet margin and a run for each dark stretch", () => {
  const root = mount(QrCode, { rows: ["110", "001", "111"], label: "code" });
  expect(root.querySelector("svg")?.getAttribute("viewBox")).toBe("0 0 11 11");
  expect(root.querySelector("path")?.getAttribute("d")).toBe("M4 4h2v1h-2zM6 5h1v1h-1zM4 6h3v1h-3z");
});
