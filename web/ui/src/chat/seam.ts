import { plainOf } from "../messages/plain";

const ENOUGH = 240; // code points of markdown that are looked at
const SHOWN = 30;

/** The last words before the place, as they are read: for people to find it. "" where there are none. */
export function wordsBefore(text: string, place: number): string {
  const before = Array.from(text).slice(0, place);
  const plain = plainOf(before.slice(-ENOUGH).join("")).replace(/\s+/g, " ").trim();
  const letters = Array.from(plain);
  if (letters.length <= SHOWN) return plain;
  const tail = letters.slice(-SHOWN).join("");
  const space = tail.indexOf(" ");
  return space >= 0 && space < SHOWN / 2 ? tail.slice(space + 1) : tail;
}
