/** Numbers, moments and shares in words of a language. */

export const plural = (language: string, n: number, forms: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>): string =>
  `${n.toLocaleString(language)} ${forms[new Intl.PluralRules(language).select(n)] ?? forms.other ?? ""}`;

export const moment = (language: string, ms: number): string =>
  new Date(ms).toLocaleString(language, { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** Without a fraction: for what is known about. */
export const percent = (language: string, part: number): string =>
  part.toLocaleString(language, { style: "percent", maximumFractionDigits: 0 });

export const share = (language: string, part: number): string =>
  part.toLocaleString(language, { style: "percent", maximumFractionDigits: part < 0.1 ? 1 : 0 });
