// @vitest-environment node
import { describe, expect, test } from "vitest";
import { filesOfZip, NoZipError } from "./zip";

/** Made by Python's zipfile: a folder, a deflated file with a Cyrillic name, a stored one. */
const GOOD = "UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAANAAAAZGVmYXVsdC11c2VyL1BLAwQUAAAICAAAACEAtLevnQoAAAD6AAAAIgAAAGRlZmF1bHQtdXNlci9jaGFyYWN0ZXJzL9Ca0L7Rgi5wbmfLTc0vV8gdiQQAUEsDBBQAAAAAAAAAIQBDv6ajAgAAAAIAAAAaAAAAZGVmYXVsdC11c2VyL3NldHRpbmdzLmpzb257fVBLAQIUAxQAAAAAAAAAIQAAAAAAAAAAAAAAAAANAAAAAAAAAAAAAACAAQAAAABkZWZhdWx0LXVzZXIvUEsBAhQDFAAACAgAAAAhALS3r50KAAAA+gAAACIAAAAAAAAAAAAAAIABKwAAAGRlZmF1bHQtdXNlci9jaGFyYWN0ZXJzL9Ca0L7Rgi5wbmdQSwECFAMUAAAAAAAAACEAQ7+mowIAAAACAAAAGgAAAAAAAAAAAAAAgAF1AAAAZGVmYXVsdC11c2VyL3NldHRpbmdzLmpzb25QSwUGAAAAAAMAAwDTAAAArwAAAAAA";
/** A name in code page 866, as Windows packs it. */
const OF_WINDOWS = "UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAANAAAAZGVmYXVsdC11c2VyL1BLAwQUAAAAAAAAACEAgxbcjAEAAAABAAAAFAAAAGRlZmF1bHQtdXNlci+KruIudHh0eFBLAQIUAxQAAAAAAAAAIQAAAAAAAAAAAAAAAAANAAAAAAAAAAAAAACAAQAAAABkZWZhdWx0LXVzZXIvUEsBAhQDFAAAAAAAAAAhAIMW3IwBAAAAAQAAABQAAAAAAAAAAAAAAIABKwAAAGRlZmF1bHQtdXNlci+KruIudHh0UEsFBgAAAAACAAIAfQAAAF4AAAAAAA==";
/** The first again, whose directory says that the deflated file has 3 bytes. */
const LONGER_THAN_IT_SAYS = "UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAANAAAAZGVmYXVsdC11c2VyL1BLAwQUAAAICAAAACEAtLevnQoAAAD6AAAAIgAAAGRlZmF1bHQtdXNlci9jaGFyYWN0ZXJzL9Ca0L7Rgi5wbmfLTc0vV8gdiQQAUEsDBBQAAAAAAAAAIQBDv6ajAgAAAAIAAAAaAAAAZGVmYXVsdC11c2VyL3NldHRpbmdzLmpzb257fVBLAQIUAxQAAAAAAAAAIQAAAAAAAAAAAAAAAAANAAAAAAAAAAAAAACAAQAAAABkZWZhdWx0LXVzZXIvUEsBAhQDFAAACAgAAAAhALS3r50KAAAAAwAAACIAAAAAAAAAAAAAAIABKwAAAGRlZmF1bHQtdXNlci9jaGFyYWN0ZXJzL9Ca0L7Rgi5wbmdQSwECFAMUAAAAAAAAACEAQ7+mowIAAAACAAAAGgAAAAAAAAAAAAAAgAF1AAAAZGVmYXVsdC11c2VyL3NldHRpbmdzLmpzb25QSwUGAAAAAAMAAwDTAAAArwAAAAAA";

const zip = (base64: string): Blob => new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))]);
const texts = async (base64: string): Promise<[string, number, string][]> =>
  Promise.all((await filesOfZip(zip(base64))).map(async (file) => [file.path, file.size, await (await file.blob()).text()]));

describe("a zip of a folder", () => {
  test("has its files, stored or deflated, with their names", async () => {
    expect(await texts(GOOD)).toEqual([
      ["default-user/characters/Кот.png", 250, "meow ".repeat(50)],
      ["default-user/settings.json", 2, "{}"],
    ]);
    expect(await texts(OF_WINDOWS)).toEqual([["default-user/Кот.txt", 1, "x"]]);
  });

  test("unpacks no more than it says", async () => {
    await expect(texts(LONGER_THAN_IT_SAYS)).rejects.toThrow(NoZipError);
  });

  test.each([
    ["empty", new Blob([])],
    ["no zip", new Blob(["a chat, not a zip, ".repeat(9_000)])],
    ["cut off", zip(GOOD).slice(0, 200)],
    ["without its beginning", zip(GOOD).slice(150)],
  ])("that is %s is refused", async (_, blob) => {
    await expect(filesOfZip(blob).then((files) => Promise.all(files.map((file) => file.blob())))).rejects.toThrow();
  });
});
