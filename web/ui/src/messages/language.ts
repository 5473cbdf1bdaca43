/** Which language the page speaks: the one that was chosen, or the first of the browser's that it knows. */
import { readonly, shallowRef } from "vue";
import { en, type Words } from "./en";
import { speak } from "./words";

export type Language = "en" | "ru";

/** Each is called by its own name, so that whoever needs it finds it. */
export const LANGUAGES: readonly { readonly language: Language; readonly name: string }[] = [
  { language: "en", name: "English" },
  { language: "ru", name: "Русский" },
];

const KEY = "samovar.language";

/** English is part of the page; others are fetched when they are chosen. */
const texts: Record<Language, () => Promise<Words>> = {
  en: () => Promise.resolve(en),
  ru: async () => (await import("./ru")).ru,
};

const spoken = shallowRef<Language>("en");
let asked = 0;

export const language = readonly(spoken);

/** For dates and numbers: the browser's own variety of the language, such as en-GB, where it names one. */
export function locale(): string {
  return navigator.languages.find((tag) => languageOf(tag) === spoken.value) ?? spoken.value;
}

/** Before the page is drawn. Where the texts cannot be fetched it is drawn in English. */
export async function settleLanguage(): Promise<void> {
  try {
    await turnTo(remembered() ?? preferred());
  } catch (error) {
    console.error(error);
    await turnTo("en");
  }
}

/** What is chosen in one tab holds in all. */
addEventListener("storage", (event) => {
  const chosen = known(event.newValue ?? "");
  if (event.key === KEY && chosen) turnTo(chosen).catch(console.error);
});

/** Turn to a language, and keep to it from now on. Rejects where its texts cannot be fetched. */
export async function chooseLanguage(next: Language): Promise<void> {
  if (!(await turnTo(next))) return;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Storage is forbidden: the choice lasts as long as the page.
  }
}

/** False where another language was asked for meanwhile. */
async function turnTo(next: Language): Promise<boolean> {
  const turn = ++asked;
  const text = await texts[next]();
  if (turn !== asked) return false;
  speak(text);
  spoken.value = next;
  document.documentElement.lang = next;
  return true;
}

function remembered(): Language | null {
  try {
    return known(localStorage.getItem(KEY) ?? "");
  } catch {
    return null;
  }
}

function preferred(): Language {
  return navigator.languages.map(languageOf).find((found) => found !== null) ?? "en";
}

function languageOf(tag: string): Language | null {
  return known(tag.toLowerCase().split("-", 1)[0] ?? "");
}

function known(name: string): Language | null {
  return LANGUAGES.find((one) => one.language === name)?.language ?? null;
}
