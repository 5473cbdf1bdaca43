/** Why the server refused something: the page's own words by the code, and the server's where it has none. */
import type { Farewell, Remark } from "../wire/protocol";
import type { CardLine } from "./cards";
import { lineFor, words } from "./words";

type Line = (number: number) => string;

const lineOf = (table: Readonly<Record<string, Line>>, code: string): Line | undefined =>
  Object.hasOwn(table, code) ? table[code] : undefined;

/** `waitSeconds`: when another try is worth it; 0 where the server did not say. */
export function refusalLine(why: { code: string; text: string; limit?: number; cause?: string; facts?: string[] }, waitSeconds = 0): string {
  const { code, text, limit = 0, cause = "", facts = [] } = why;
  if (cause !== "") return cardLine({ code: cause, facts, why: text });
  const limited = limit > 0 ? lineOf(words.limits, code)?.(limit) : undefined;
  const waiting = waitSeconds > 0 ? lineOf(words.waits, code)?.(waitSeconds) : undefined;
  return limited ?? waiting ?? lineFor(words.refusals, code) ?? text;
}

/** Why a card or a picture is not taken. */
export function cardLine({ code, facts, why }: { code: string; facts: string[]; why: string }): string {
  return remarkLine({ code, facts, text: why });
}

/** What is to be said about a file that came in, or did not. */
export function remarkLine({ code, facts, text }: Remark): string {
  const table: Readonly<Record<string, CardLine>> = Object.hasOwn(words.remarks, code) ? words.remarks : words.cards;
  return (Object.hasOwn(table, code) ? table[code]?.(...facts) : undefined) ?? text;
}

/** Why a reply was refused or broke off; "" where nobody said. */
export function causeLine({ cause, facts, why }: { cause: string; facts: readonly string[]; why: string }): string {
  if (why === "") return "";
  const line = Object.hasOwn(words.causes, cause) ? words.causes[cause] : undefined;
  return line ? line(...facts) : words.causes.other(why);
}

export function farewellLine({ code, text }: Pick<Farewell, "code" | "text">): string {
  return lineFor(words.farewells, code) ?? text;
}
