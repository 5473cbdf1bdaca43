import { describe, expect, test } from "vitest";
import type { MapNode } from "../wire/protocol";
import { layout, neighbour } from "./layout";

function node(parent: number, more: Partial<MapNode> = {}): MapNode {
  return {
    first: "a", last: "b", parent, count: 1, role: "assistant", last_role: "assistant", text: "", last_text: "",
    created_ms: 0, bookmark: "", removed: "", is_gone: false, is_shown: false, ...more,
  }; // prettier-ignore
}

/** 0 ─ 1 ─ 3, and 2 beside 1, and 4 below 2. */
const forked = [node(-1, { is_shown: true }), node(0), node(0, { is_shown: true }), node(1), node(2, { is_shown: true })];

describe("the map", () => {
  test("has the shown path in one column, and each other branch in one of its own", () => {
    const places = layout(forked, false).map((one) => [one.index, one.column, one.row]);
    expect(places).toEqual([[0, 0, 0], [2, 0, 1], [4, 0, 2], [1, 1, 1], [3, 1, 2]]); // prettier-ignore
  });

  test("puts no two cards in one place, however it branches", () => {
    const nodes = Array.from({ length: 300 }, (_, n) => node(n === 0 ? -1 : Math.floor((n * 7919) % n)));
    const places = layout(nodes, false).map((one) => `${one.column} ${one.row}`);
    expect(new Set(places).size).toBe(300);
  });

  test("leaves out what was deleted until it is wanted", () => {
    const nodes = [node(-1), node(0, { is_gone: true, removed: "branch" }), node(0)];
    expect(layout(nodes, false).map((one) => one.index)).toEqual([0, 2]);
    expect(layout(nodes, true)).toHaveLength(3);
  });

  test("is walked with the arrow keys", () => {
    const placed = layout(forked, false);
    expect(neighbour(placed, 0, "down")).toBe(2);
    expect(neighbour(placed, 2, "right")).toBe(1);
    expect(neighbour(placed, 1, "left")).toBe(2);
    expect(neighbour(placed, 3, "up")).toBe(1);
    expect(neighbour(placed, 0, "up")).toBe(0);
  });
});
