import { seenOfCut } from "./seen";

/** Text without the signs of markdown, and what readers do not see: for previews and for screen readers. */
export function plainOf(text: string): string {
  return seenOfCut(text)
    .replace(/^ {0,3}(#{1,6}|>|[-*+]|\d+\.)\s+/gm, "")
    .replace(/```[^\n]*\n?/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/(\*{1,3}|_{2,3}|`)(?=\S)([^\n]*?\S)\1/g, "$2")
    .replace(/(^|\s)[*_]{1,3}(?=\S)/g, "$1") // opened, and its end is cut off
    .trim();
}
