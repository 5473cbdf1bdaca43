import { locale } from "../messages/language";
import { words } from "../messages/words";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** When something was, short: minutes, the hour of today, yesterday, a weekday, a date. */
export function agoOf(atMs: number, nowMs: number = Date.now()): string {
  const tag = locale();
  const at = new Date(atMs);
  const minutes = Math.floor((nowMs - atMs) / MINUTE);
  if (minutes < 1) return words.when.now;
  if (minutes < 60) return new Intl.RelativeTimeFormat(tag, { style: "short" }).format(-minutes, "minute");
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  if (atMs >= midnight) return at.toLocaleTimeString(tag, { hour: "numeric", minute: "2-digit" });
  if (atMs >= midnight - DAY) return new Intl.RelativeTimeFormat(tag, { numeric: "auto" }).format(-1, "day");
  if (atMs >= midnight - 6 * DAY) return at.toLocaleDateString(tag, { weekday: "long" });
  const isThisYear = at.getFullYear() === new Date(nowMs).getFullYear();
  return at.toLocaleDateString(tag, { day: "numeric", month: "short", ...(isThisYear ? {} : { year: "numeric" }) });
}
