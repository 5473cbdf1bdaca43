import { words } from "../messages/words";

/** What one says at this hour (0 to 23). */
export function greetingOf(hour: number, name: string): string {
  if (hour < 5) return words.greeting.night(name);
  if (hour < 12) return words.greeting.morning(name);
  if (hour < 18) return words.greeting.day(name);
  return words.greeting.evening(name);
}
