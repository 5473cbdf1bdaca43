import { words } from "../messages/en";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** When something was, short: minutes, the hour of today, yesterday, a weekday, a date. */
export function agoOf(atMs: number, nowMs: number = Date.now()): string {
  const at = new Date(atMs);
  const minutes = Math.floor((nowMs - atMs) / MINUTE);
  if (minutes < 1) return words.when.now;
  if (minutes < 60) return words.when.minutes(minutes);
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  if (atMs >= midnight) return at.toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });
  if (atMs >= midnight - DAY) return words.when.yesterday;
  if (atMs >= midnight - 6 * DAY) return at.toLocaleDateString(undefined, { weekday: "long" });
  const isThisYear = at.getFullYear() === new Date(nowMs).getFullYear();
  return at.toLocaleDateString(undefined, { day: "numeric", month: "short", ...(isThisYear ? {} : { year: "numeric" }) });
}
