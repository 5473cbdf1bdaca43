/** A number and its noun, as the language has it. */
export const plural = (language: string, n: number, forms: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>): string =>
  `${n.toLocaleString(language)} ${forms[new Intl.PluralRules(language).select(n)] ?? forms.other ?? ""}`;
