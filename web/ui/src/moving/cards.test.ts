import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { useImport } from "../gallery/useImport";
import { filesChosen, filesDropped, type SourceFile } from "./source";
import { useMoveIn } from "./useMoveIn";

const asked: string[] = [];

beforeEach(() => {
  setActivePinia(createPinia());
  asked.length = 0;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    if (init.method === "POST") asked.push(`${path} ${new Headers(init.headers).get("X-File-Name") ?? ""}`.trim());
    if (path === "/api/moves") return Promise.resolve(new Response(JSON.stringify({ code: "no_folder", text: "No.", limit: 0 }), { status: 422 }));
    const file = { name: "", status: "imported", why: "", warnings: [], character: "c", version: "v", character_name: "", code: "", facts: [] };
    return Promise.resolve(new Response(path === "/api/characters/import" ? JSON.stringify({ files: [file] }) : "[]"));
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Made by Python's zipfile: card.json, assets/icon/main.png. */
const CHARX = "UEsDBBQAAAAAAAAAIQBDv6ajAgAAAAIAAAAJAAAAY2FyZC5qc29ue31QSwMEFAAAAAAAAAAhAEO/pqMCAAAAAgAAABQAAABhc3NldHMvaWNvbi9tYWluLnBuZ3t9UEsBAhQDFAAAAAAAAAAhAEO/pqMCAAAAAgAAAAkAAAAAAAAAAAAAAIABAAAAAGNhcmQuanNvblBLAQIUAxQAAAAAAAAAIQBDv6ajAgAAAAIAAAAUAAAAAAAAAAAAAACAASkAAABhc3NldHMvaWNvbi9tYWluLnBuZ1BLBQYAAAAAAgACAHkAAABdAAAAAAA=";

const source = (path: string): SourceFile => ({ path, size: 1, blob: () => Promise.resolve(new Blob(["x"])) });

describe("a folder that is none of SillyTavern's", () => {
  test("brings its cards, one after the other, with the report of cards", async () => {
    const [moving, coming] = [useMoveIn(), useImport()];
    const gone: SourceFile = { ...source("cards/gone.png"), blob: () => Promise.reject(new Error("gone")) };
    const files = ["cards/more/Vesna.CHARX", "cards/readme.txt", "cards/Halm.png", "cards/._Halm.png", "cards/Mara.json"].map(source);
    await moving.begin(Promise.resolve([...files, gone]));
    expect(asked).toEqual([
      "/api/moves",
      "/api/characters/import Halm.png",
      "/api/characters/import Mara.json",
      "/api/characters/import Vesna.CHARX",
    ]);
    expect([moving.isOpen, moving.trouble, coming.isOpen]).toEqual([false, "", true]);
    expect(coming.reports.map((one) => one.status)).toEqual(["refused", "imported", "imported", "imported"]);
    expect([coming.reports[0]?.name, coming.reports[0]?.why]).toEqual(["cards/gone.png", "The file cannot be read any more."]);
  });

  test("and has no card says so", async () => {
    const moving = useMoveIn();
    await moving.begin(Promise.resolve([source("photos/readme.txt")]));
    expect(asked).toEqual(["/api/moves"]);
    expect([moving.isOpen, useImport().isOpen]).toEqual([true, false]);
    expect(moving.trouble).toMatch(/no data folder of SillyTavern, and no card/);
  });

  test("and is a CHARX by another name stays one card", async () => {
    const bytes = Uint8Array.from(atob(CHARX), (letter) => letter.charCodeAt(0));
    await useMoveIn().begin(filesChosen([new File([bytes], "Mara.zip")]));
    expect(asked.slice(1)).toEqual(["/api/characters/import Mara.charx"]);
  });

  test("and is dropped is looked through to its depth", async () => {
    const file = (path: string) => ({
      isFile: true, isDirectory: false, fullPath: `/${path}`,
      file: (take: (found: File) => void) => { take(new File(["x"], path.split("/").at(-1) ?? "")); },
    }); // prettier-ignore
    const folder = (path: string, inside: readonly object[]) => ({
      isFile: false, isDirectory: true, fullPath: `/${path}`,
      createReader: () => {
        const turns = [inside, []];
        return { readEntries: (take: (found: readonly object[]) => void) => { take(turns.shift() ?? []); } };
      },
    }); // prettier-ignore
    const entry = folder("cards", [folder("cards/more", [file("cards/more/Vesna.webp")]), file("cards/Halm.jpg")]);
    const transfer = { items: [{ webkitGetAsEntry: () => entry }], files: [] } as unknown as DataTransfer;
    await useMoveIn().begin(filesDropped(transfer));
    expect(asked.slice(1)).toEqual(["/api/characters/import Halm.jpg", "/api/characters/import Vesna.webp"]);
  });
});
