import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { h, nextTick } from "vue";
import { agoOf } from "../conversations/ago";
import { useDocumentTitle } from "../shell/useDocumentTitle";
import { find, mount } from "../testing/mount";
import { en } from "./en";
import { chooseLanguage, language, locale, settleLanguage } from "./language";
import LanguageSwitch from "./LanguageSwitch.vue";
import { ru } from "./ru";
import { words } from "./words";

const KEY = "samovar.language";

const browserSpeaks = (...tags: string[]): void => {
  vi.spyOn(navigator, "languages", "get").mockReturnValue(tags);
};

beforeEach(() => {
  localStorage.clear();
});
afterEach(async () => {
  await chooseLanguage("en");
  localStorage.clear();
});

/** Does for a number as well as for a name. */
const SAMPLE = "21";

/** Every text below a part of the words, by its place; what is a function is called. */
function* texts(part: unknown, place: string): Generator<[string, string]> {
  if (typeof part === "function") yield [place, String((part as (...samples: string[]) => unknown)(SAMPLE, SAMPLE, SAMPLE))];
  else if (typeof part === "string") yield [place, part];
  else for (const [name, inner] of Object.entries(part as object)) yield* texts(inner, `${place}.${name}`);
}

describe.each([
  ["English", en, /[А-Яа-яЁё]/],
  ["Russian", ru, /\b(the|and|is|not|of|your|you)\b/i],
])("every line in %s", (_, tongue, foreign) => {
  const all = [...texts(tongue, "words")];

  test.each(all)("%s: %s", (_place, text) => {
    expect(text.trim()).toBe(text);
    expect(text).not.toBe("");
    expect(text).not.toMatch(/undefined|NaN|null|\[object|=>/);
    expect(text).not.toMatch(foreign);
    expect(text).not.toMatch(/\.\.\.|\.\.$|^"|"$| {2}/);
  });
});

test("Russian is written in Russian, but for commands, names and keys", () => {
  const latin = [...texts(ru, "ru")].filter(([, text]) => !/[а-яё]/i.test(text)).map(([place]) => place);
  const isName = (place: string): boolean => place.includes(".help.keys.") || /\.replies\.fields\.\w+\.0$/.test(place);
  expect(latin.filter((place) => !isName(place))).toEqual(["ru.chat.finished"]);
});

test("nothing is said that no page says", () => {
  const pages = Object.values(import.meta.glob<string>(["../**/*.{vue,ts}", "!../**/*.test.ts"], { query: "?raw", import: "default", eager: true }));
  const source = pages.join("\n");
  const places = Object.entries(en).flatMap(([name, part]) =>
    typeof part === "string" ? [name] : Object.keys(part).map((inner) => `${name}.${inner}`),
  );
  /** By its name, or with the whole part of which it is. */
  const isSaid = (place: string): boolean =>
    new RegExp(`words\\.(${place}\\b|${place.split(".", 1).join()}(?![.\\w]))`).test(source);
  expect(places.filter((place) => !isSaid(place))).toEqual([]);
});

describe("Russian plurals", () => {
  test.each([
    [0, "0 токенов"],
    [1, "1 токен"],
    [2, "2 токена"],
    [5, "5 токенов"],
    [11, "11 токенов"],
    [12, "12 токенов"],
    [21, "21 токен"],
    [104, "104 токена"],
    [112, "112 токенов"],
    [1.5, "1,5 токена"],
    [4096, "4 096 токенов"],
  ])("%d", (n, expected) => {
    expect(ru.node.tokens(n).replaceAll(/\s/g, " ")).toBe(expected);
  });

  test("of a wait and of a queue", () => {
    expect(ru.progress.wait(3)).toBe("несколько секунд");
    expect(ru.progress.wait(21)).toBe("примерно 20\u00a0секунд");
    expect(ru.progress.wait(60 * 21)).toBe("примерно 21\u00a0минута");
    expect(ru.node.queueText(0, 0)).toBe("пусто");
    expect(ru.node.queueText(1, 3)).toBe("1\u00a0ответ пишется, 3\u00a0ждут");
    expect(ru.node.queueText(2, 1)).toBe("2\u00a0ответа пишутся, 1\u00a0ждёт");
  });
});

describe("the language of the page", () => {
  test.each([
    [["ru-RU", "en-US"], "ru"],
    [["de-DE", "ru"], "ru"],
    [["en-GB", "ru"], "en"],
    [["fr"], "en"],
    [[], "en"],
  ])("of a browser that speaks %j is %s", async (tags, expected) => {
    browserSpeaks(...tags);
    await settleLanguage();
    expect(language.value).toBe(expected);
    expect(document.documentElement.lang).toBe(expected);
  });

  test("that was chosen is remembered, and goes before the browser's", async () => {
    browserSpeaks("en-US");
    await chooseLanguage("ru");
    expect(localStorage.getItem(KEY)).toBe("ru");
    await chooseLanguage("en");
    localStorage.setItem(KEY, "ru");
    await settleLanguage();
    expect(words.conversations.heading).toBe("Беседы");
  });

  test("is not chosen by what nobody knows", async () => {
    browserSpeaks("en-US");
    localStorage.setItem(KEY, "klingon");
    await settleLanguage();
    expect(language.value).toBe("en");
  });

  test("that was asked for last wins", async () => {
    await Promise.all([chooseLanguage("ru"), chooseLanguage("en")]);
    expect(language.value).toBe("en");
    expect(localStorage.getItem(KEY)).toBe("en");
  });

  test("says when something was", async () => {
    const now = new Date(2026, 4, 20, 15, 0).getTime();
    browserSpeaks("ru-RU");
    await settleLanguage();
    expect(agoOf(now - 5_000, now)).toBe("только что");
    expect(agoOf(now - 12 * 60_000, now)).toBe("12 мин. назад");
    expect(agoOf(new Date(2026, 4, 19, 23, 0).getTime(), now)).toBe("вчера");
    expect(agoOf(new Date(2026, 4, 16, 12, 0).getTime(), now)).toBe("суббота");
    expect(agoOf(new Date(2026, 3, 16, 12, 0).getTime(), now)).toBe("16 апр.");
  });

  test("has the variety of the browser for dates", async () => {
    browserSpeaks("de", "en-GB", "en-US");
    await settleLanguage();
    expect(locale()).toBe("en-GB");
    browserSpeaks("de");
    await chooseLanguage("ru");
    expect(locale()).toBe("ru");
  });
});

describe("the switch", () => {
  test("changes what is on the page at once, and the title of the tab", async () => {
    const root = mount({
      setup() {
        useDocumentTitle(() => words.conversations.heading);
        return () => [h(LanguageSwitch), h("h1", words.conversations.heading)];
      },
    });
    expect(find(root, "h1").textContent).toBe("Conversations");
    find<HTMLInputElement>(root, "[value=ru]").click();
    await vi.waitFor(() => {
      expect(find(root, "h1").textContent).toBe("Беседы");
    });
    await nextTick();
    expect(document.title).toBe("Беседы · Самовар");
    expect(document.documentElement.lang).toBe("ru");
    find<HTMLInputElement>(root, "[value=en]").click();
    await vi.waitFor(() => {
      expect(document.title).toBe("Conversations · Samovar");
    });
  });

  test("calls each language by its own name", () => {
    const labels = [...mount(LanguageSwitch).querySelectorAll("label")];
    expect(labels.map((label) => [label.lang, label.textContent.trim()])).toEqual([["en", "English"], ["ru", "Русский"]]);
  });
});
