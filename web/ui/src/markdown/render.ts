/**
 * Markdown of people and models to safe HTML.
 *
 * HTML in the text is text. What markdown-it makes of the rest goes through DOMPurify with a list of what may
 * stay: no picture (fetching one tells its server that the message was read), no style, no class, no id.
 *
 * Macros that are not for readers are not shown; a card's comment is a quiet remark in the line.
 */
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";
import { seen } from "../messages/seen";

const TAGS = [
  "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a",
  "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
  "small",
]; // prettier-ignore

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false, breaks: true });
markdown.disable("image");
markdown.validateLink = (url) => isWebAddress(url);

const REMARK = /\{\{comment:(.*?)\}\}/y;
markdown.inline.ruler.push("remark", (state, silent) => {
  REMARK.lastIndex = state.pos;
  const found = REMARK.exec(state.src);
  if (!found || REMARK.lastIndex > state.posMax) return false;
  if (!silent) {
    state.push("remark_open", "small", 1);
    state.push("text", "", 0).content = found[1] ?? "";
    state.push("remark_close", "small", -1);
  }
  state.pos = REMARK.lastIndex;
  return true;
});

/** On one line, and with no braces of its own: so it is found whole. */
function remark(comment: string): string {
  const line = comment.replace(/[{}]{2,}/g, "").replace(/\s+/g, " ");
  return line === "" ? "" : `{{comment:${line}}}`;
}

const purify = DOMPurify(window);
purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  if (!isWebAddress(node.getAttribute("href") ?? "")) {
    node.removeAttribute("href");
    return;
  }
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer nofollow");
});

/** Only whole addresses of the web: no script, no data, nothing of this server. */
export function isWebAddress(url: string): boolean {
  try {
    return ["https:", "http:"].includes(new URL(url.trim()).protocol);
  } catch {
    return false;
  }
}

/**
 * A reply that is being written ends anywhere: close what is open, so that no bare sign flickers.
 *
 * Emphasis does not reach over a paragraph, so only the last one is looked at.
 */
export function closed(text: string): string {
  const fences = text.match(/^ {0,3}```/gm)?.length ?? 0;
  if (fences % 2 === 1) return `${text}\n\`\`\``;
  const start = text.lastIndexOf("\n\n") + 1;
  const paragraph = text.slice(start);
  if ((paragraph.match(/`/g)?.length ?? 0) % 2 === 1) return `${text}\``;

  const open: number[] = []; // lengths of the runs of stars that wait for their like
  const signs = /`[^`]*`|\*+/g;
  for (let sign = signs.exec(paragraph); sign; sign = signs.exec(paragraph)) {
    if (sign[0].startsWith("`")) continue;
    const before = paragraph.charAt(sign.index - 1);
    const after = paragraph.charAt(signs.lastIndex);
    const canClose = before !== "" && !/\s/.test(before);
    let stars = sign[0].length;
    while (canClose && open.length > 0 && stars >= (open.at(-1) ?? 0)) stars -= open.pop() ?? 0;
    if (stars === 0) continue;
    if (after === "") {
      const half = canClose ? (open.pop() ?? 0) : 0; // a closing run of which the rest is still to come
      const rest = half > stars ? "*".repeat(half - stars) : "";
      const kept = half > stars ? text : text.slice(0, text.length - stars); // just opened: wait for its first letter
      return kept + rest + open.reverse().map((length) => "*".repeat(length)).join("");
    }
    if (!/\s/.test(after)) open.push(stars);
  }
  const end = /\s*$/.exec(text)?.[0] ?? "";
  return text.slice(0, text.length - end.length) + open.reverse().map((length) => "*".repeat(length)).join("") + end;
}

export function render(text: string): string {
  return purify.sanitize(markdown.render(seen(text, remark)), {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ["href", "start", "target", "rel"],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
  });
}
