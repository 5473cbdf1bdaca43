import { beforeEach, expect, test } from "vitest";
import { claim } from "./belongings";

beforeEach(() => {
  localStorage.clear();
});

test("the first user finds nothing of anybody", () => {
  expect(claim("anna")).toBe(false);
});

test("the same user keeps what was left", () => {
  claim("anna");
  expect(claim("anna")).toBe(false);
});

test("another user gets nothing of the one before", () => {
  claim("anna");
  expect(claim("ben")).toBe(true);
  expect(claim("ben")).toBe(false);
});
