/** Where each run of messages stands on the map: time goes down, each branch has a column of its own. Pure. */
import type { MapNode } from "../wire/protocol";

export const CARD = { width: 190, height: 54, across: 214, down: 84 };

export interface Placed {
  readonly node: MapNode;
  readonly index: number;
  readonly column: number;
  readonly row: number;
  readonly x: number;
  readonly y: number;
  readonly children: readonly number[];
}

/** The shown path goes straight down at the left of its branches; what is gone is left out unless it is wanted. */
export function layout(nodes: readonly MapNode[], withGone: boolean): readonly Placed[] {
  const children = nodes.map((): number[] => []);
  const roots: number[] = [];
  const rows: number[] = [];
  nodes.forEach((node, index) => {
    // A message that went alone is passed through where it is not drawn: what followed it hangs on as before.
    rows[index] = node.parent < 0 ? 0 : (rows[node.parent] ?? 0) + 1;
    if (node.parent < 0) roots.push(index);
    else children[node.parent]?.push(index);
  });
  const placed: Placed[] = [];
  let column = 0;
  const isDrawn = (index: number): boolean => withGone || !(nodes[index]?.is_gone ?? true);
  const waiting: { index: number; at: number | null }[] = order(roots).reverse().map((index) => ({ index, at: null }));
  while (waiting.length > 0) {
    const next = waiting.pop();
    const node = next && nodes[next.index];
    if (!next || !node) break;
    const isHere = isDrawn(next.index);
    const mine = next.at ?? column;
    if (next.at === null && isHere) column += 1;
    const below = order(children[next.index] ?? []);
    if (isHere) placed.push(place(node, next.index, mine, rows[next.index] ?? 0, below.filter(isDrawn)));
    below.reverse().forEach((child, place) => {
      const isFirst = place === below.length - 1;
      waiting.push({ index: child, at: isFirst && (isHere || next.at !== null) ? mine : null });
    });
  }
  return placed;

  function order(siblings: readonly number[]): number[] {
    return [...siblings].sort((a, b) => Number(nodes[b]?.is_shown) - Number(nodes[a]?.is_shown) || a - b);
  }
}

function place(node: MapNode, index: number, column: number, row: number, children: readonly number[]): Placed {
  return { node, index, column, row, x: column * CARD.across, y: row * CARD.down, children };
}

export type Direction = "up" | "down" | "left" | "right";

/** The card that an arrow key leads to: along the branch, or to the nearest card beside. */
export function neighbour(placed: readonly Placed[], index: number, to: Direction): number {
  const here = placed.find((one) => one.index === index);
  if (!here) return placed[0]?.index ?? -1;
  if (to === "down") return here.children[0] ?? index;
  if (to === "up") return placed.some((one) => one.index === here.node.parent) ? here.node.parent : index;
  const sign = to === "right" ? 1 : -1;
  let best = index;
  let least = Infinity;
  for (const one of placed) {
    const across = (one.column - here.column) * sign;
    if (across <= 0) continue;
    const far = across + 3 * Math.abs(one.row - here.row);
    if (far < least) [least, best] = [far, one.index];
  }
  return best;
}
