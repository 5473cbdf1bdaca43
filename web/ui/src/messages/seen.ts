/**
 * A message as its reader sees it. Keys for lore, notes of a card's author and variables stand in it as macros,
 * which are for prompts and lore alone: they stay in what is stored, and are not shown.
 */
const UNSEEN = ["//", "hidden_key", "banned", "setvar", "setglobalvar", "addvar", "addglobalvar", "comment"];
/** A body that ends before its name does. */
const BEGUN = /^\s*(\/?|[A-Za-z_]*)$/;
const NAME = /^\s*(\/\/|[A-Za-z_]+):{0,2}/;

/** Without them; `remark` gives what stands in place of a comment, which is meant for readers. */
export function seen(text: string, remark: (comment: string) => string = () => ""): string {
  return without(text, braced(text).pairs, remark);
}

/** The same of a text whose end may be cut off in the middle of such a macro. */
export function seenOfCut(text: string): string {
  return seen(whole(text));
}

/** A text whose end is missing, or still to come, without such a macro that is not closed yet, or what may become one. */
export function whole(text: string): string {
  const begun = text.replace(/\{+$/, "");
  const open = braced(begun).open.find((start) => mayBeUnseen(begun.slice(start + 2)));
  return open === undefined ? begun : begun.slice(0, open);
}

function mayBeUnseen(body: string): boolean {
  if (UNSEEN.includes(nameOf(body).name)) return true;
  const begun = BEGUN.exec(body)?.[1]?.toLowerCase();
  return begun !== undefined && UNSEEN.some((name) => name.startsWith(begun));
}

function without(text: string, pairs: [number, number][], remark: (comment: string) => string): string {
  let shown = "";
  let at = 0;
  for (const [start, end] of pairs) {
    const body = text.slice(start + 2, end - 2);
    const { name, length } = nameOf(body);
    if (start < at || !UNSEEN.includes(name)) continue;
    shown += text.slice(at, start) + (name === "comment" ? remark(body.slice(length).trim()) : "");
    at = end;
  }
  return shown + text.slice(at);
}

function nameOf(body: string): { name: string; length: number } {
  const found = NAME.exec(body);
  return { name: found?.[1]?.toLowerCase() ?? "", length: found?.[0].length ?? 0 };
}

/** Where each `{{…}}` begins and ends, those within others too, and where one opens that never closes; of an
 * odd number of braces the outermost is text. */
function braced(text: string): { pairs: [number, number][]; open: number[] } {
  const pairs: [number, number][] = [];
  const open: number[] = [];
  for (const { 0: run, index: start } of text.matchAll(/\{{2,}|\}{2,}/g)) {
    const end = start + run.length;
    if (run.startsWith("{")) {
      for (let at = start + (run.length % 2); at < end; at += 2) open.push(at);
      continue;
    }
    for (let at = start; at < end - 1; at += 2) {
      const opened = open.pop();
      if (opened !== undefined) pairs.push([opened, at + 2]);
    }
  }
  return { pairs: pairs.sort(([a], [b]) => a - b), open };
}
