/**
 * Markdown of people and models to safe HTML.
 *
 * HTML in the text is text. What markdown-it makes of the rest goes through DOMPurify with a list of what may
 * stay: no picture (fetching one tells its server that the message was read), no style, no class, no id.
 */
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

const TAGS = [
  "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a",
  "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
]; // prettier-ignore

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false, breaks: true });
markdown.disable("image");
markdown.validateLink = (url) => isWebAddress(url);

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

/** A reply that is being written ends anywhere: close what is open, so that it does not flicker. */
export function closed(text: string): string {
  const fences = text.match(/^ {0,3}```/gm)?.length ?? 0;
  if (fences % 2 === 1) return `${text}\n\`\`\``;
  const start = text.lastIndexOf("\n\n") + 1;
  let tail = text.slice(start);
  if ((tail.match(/`/g)?.length ?? 0) % 2 === 1) return `${text}\``;
  tail = tail.replace(/`[^`]*`/g, "");
  const bare = text.replace(/(^|[\s\n])[*_]{1,3}$/, "$1"); // opened just now: wait for its first letter
  if (bare !== text) return bare;
  const strong = (tail.match(/\*\*/g)?.length ?? 0) % 2 === 1;
  const emphasis = (tail.replace(/\*\*/g, "").match(/(?<![\s\n]|^)\*|\*(?![\s\n]|$)/g)?.length ?? 0) % 2 === 1;
  const end = /\s+$/.exec(text)?.[0] ?? "";
  const body = end ? text.slice(0, -end.length) : text;
  return body + (emphasis ? "*" : "") + (strong ? "**" : "") + end;
}

export function render(text: string): string {
  return purify.sanitize(markdown.render(text), {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ["href", "start", "target", "rel"],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
  });
}
