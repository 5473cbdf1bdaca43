const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The first letter of a name, whole: what looks like one letter may be several code points. */
export function initialOf(name: string): string {
  const [first] = letters.segment(name.trim());
  return first?.segment.toUpperCase() ?? "·";
}
