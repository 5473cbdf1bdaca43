import { expect, test } from "vitest";
import vectors from "../../../../tests/vectors/seen.json";
import { seen, seenOfCut, whole } from "./seen";

const ALL: readonly { text: string; seen: string; begun?: string }[] = vectors;

test.each(ALL)("of $text its reader sees what says something", ({ text, seen: shown, begun }) => {
  expect(seen(text)).toBe(shown);
  expect(seenOfCut(text)).toBe(begun ?? shown);
});

test.each(["hidden_key", "SETVAR", "//", " comment", "banned"])("nothing of {{%s}} comes up while it is being written", (name) => {
  const text = `A door.{{${name}: {{user}} and a dragon}} Open.`;
  for (let end = 0; end <= text.length; end += 1) expect("A door. Open.").toContain(seen(whole(text.slice(0, end))));
});
