/** What differs between two texts, word by word (Myers' problem, solved by the table of longest common parts). */

export interface Piece {
  readonly kind: "same" | "added" | "removed";
  readonly text: string;
}

const WORD = /\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;
/** Cells of the table; beyond, the middle counts as replaced. */
const MOST_CELLS = 4_000_000;

export function difference(before: string, after: string): Piece[] {
  const [a, b] = [before.match(WORD) ?? [], after.match(WORD) ?? []];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const pieces: Piece[] = [];
  push(pieces, "same", a.slice(0, start));
  for (const piece of middle(a.slice(start, a.length - end), b.slice(start, b.length - end))) pieces.push(piece);
  push(pieces, "same", end > 0 ? a.slice(-end) : []);
  return joined(pieces);
}

function middle(a: string[], b: string[]): Piece[] {
  const pieces: Piece[] = [];
  if (a.length * b.length > MOST_CELLS) {
    push(pieces, "removed", a);
    push(pieces, "added", b);
    return pieces;
  }
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const here = i * width + j;
      common[here] =
        a[i] === b[j]
          ? (common[here + width + 1] ?? 0) + 1
          : Math.max(common[here + width] ?? 0, common[here + 1] ?? 0);
    }
  }
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const here = i * width + j;
    if (i < a.length && j < b.length && a[i] === b[j]) {
      push(pieces, "same", a.slice(i, i + 1));
      i += 1;
      j += 1;
    } else if (j === b.length || (i < a.length && (common[here + width] ?? 0) >= (common[here + 1] ?? 0))) {
      push(pieces, "removed", a.slice(i, i + 1));
      i += 1;
    } else {
      push(pieces, "added", b.slice(j, j + 1));
      j += 1;
    }
  }
  return pieces;
}

function push(pieces: Piece[], kind: Piece["kind"], words: readonly string[]): void {
  if (words.length > 0) pieces.push({ kind, text: words.join("") });
}

/** Neighbours of one kind as one; of what was replaced the old stands before the new. */
function joined(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  let removed = "";
  let added = "";
  const flush = (): void => {
    push(out, "removed", removed === "" ? [] : [removed]);
    push(out, "added", added === "" ? [] : [added]);
    removed = added = "";
  };
  for (const { kind, text } of pieces) {
    if (kind === "removed") removed += text;
    else if (kind === "added") added += text;
    // A space between two replaced words is no reason to tear them apart.
    else if (/^\s+$/.test(text) && removed !== "" && added !== "" && !text.includes("\n")) {
      removed += text;
      added += text;
    } else {
      flush();
      const last = out.at(-1);
      if (last?.kind === "same") out[out.length - 1] = { kind: "same", text: last.text + text };
      else out.push({ kind: "same", text });
    }
  }
  flush();
  return out;
}

const CONTEXT = 90;

/** Long stretches that are the same, cut to what stands beside a difference. */
export function abridged(pieces: readonly Piece[]): Piece[] {
  return pieces.map((piece, at) => {
    if (piece.kind !== "same" || piece.text.length <= 2 * CONTEXT + 20) return piece;
    const head = at === 0 ? "" : piece.text.slice(0, CONTEXT);
    const tail = at === pieces.length - 1 ? "" : piece.text.slice(-CONTEXT);
    return { kind: "same", text: `${head} … ${tail}` };
  });
}
