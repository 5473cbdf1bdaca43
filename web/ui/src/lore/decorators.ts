/** The decorators of an entry: leading lines of its content that say when and where it enters the prompt. */

const LINE = /^(@{2,3})([A-Za-z_][A-Za-z0-9_]*)(?:[ \t]+(.*?))?[ \t]*$/;

export interface Decorator {
  readonly name: string;
  readonly value: string;
  /** It counts where the one above it is not understood. */
  readonly isFallback: boolean;
}

/** Those that Samovar knows; what each asks for is said in the messages. */
export const KNOWN = [
  "activate", "dont_activate", "activate_only_after", "activate_only_every", "keep_activate_after_match",
  "dont_activate_after_match", "depth", "role", "scan_depth", "is_greeting", "position", "ignore_on_max_context",
  "additional_keys", "exclude_keys", "is_user_icon", "disable_ui_prompt",
] as const; // prettier-ignore
export type Known = (typeof KNOWN)[number];

export function decoratorsOf(content: string): readonly Decorator[] {
  const found: Decorator[] = [];
  for (const line of content.replace(/^[\r\n]+/, "").split(/\r?\n/)) {
    const match = LINE.exec(line);
    if (match) found.push({ name: (match[2] ?? "").toLowerCase(), value: match[3] ?? "", isFallback: match[1] === "@@@" });
    else if (line.trim() !== "") break;
  }
  return found;
}

export function isKnown(name: string): name is Known {
  return (KNOWN as readonly string[]).includes(name);
}
