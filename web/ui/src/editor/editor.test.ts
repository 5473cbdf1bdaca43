import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { nextTick } from "vue";
import { cardLine, refusalLine } from "../messages/refusals";
import { chooseLanguage } from "../messages/language";
import { cardsInEnglish } from "../messages/cards";
import { cardsInRussian } from "../messages/cards.ru";
import { useCharacters } from "../gallery/useCharacters";
import type { Character, EditableCard } from "../wire/protocol";
import { differences } from "./compare";
import { abridged, difference } from "./diff";
import { keptDraft } from "./keptDrafts";
import { cardJson, NO_TEXTS } from "./texts";
import { useCardDraft } from "./useCardDraft";

const said = (before: string, after: string): string =>
  difference(before, after)
    .map(({ kind, text }) => (kind === "same" ? text : kind === "added" ? `[+${text}]` : `[-${text}]`))
    .join("");

describe("what differs between two texts", () => {
  test("is told by words, and replaced phrases stay in one piece", () => {
    expect(said("She keeps bees.", "She keeps bees and goats.")).toBe("She keeps bees[+ and goats].");
    expect(said("a cold night", "a warm day")).toBe("a [-cold night][+warm day]");
    expect(said("Чай горячий.", "Чай остыл.")).toBe("Чай [-горячий][+остыл].");
    expect(said("same", "same")).toBe("same");
    expect(said("", "new")).toBe("[+new]");
    expect(said("old", "")).toBe("[-old]");
  });

  test("gives back both texts, whatever they are", () => {
    const texts = ["", "a b c", "a  c\nb", "{{char}}: «Да»", "x".repeat(50)];
    for (const before of texts) {
      for (const after of texts) {
        const pieces = difference(before, after);
        const of = (kind: string): string => pieces.filter((one) => one.kind !== kind).map((one) => one.text).join(""); // prettier-ignore
        expect([of("added"), of("removed")]).toEqual([before, after]);
      }
    }
  });

  test("a text too long to compare counts as replaced", () => {
    const long = (word: string): string => Array.from({ length: 3_000 }, (_, at) => `${word}${at}`).join(" ");
    expect(difference(long("a"), long("b")).map((piece) => piece.kind)).toEqual(["removed", "added"]);
  });

  test("long stretches that are the same are cut", () => {
    const [head] = abridged(difference(`${"word ".repeat(200)}end`, `${"word ".repeat(200)}fin`));
    expect(head?.text.length).toBeLessThan(110);
  });
});

const ROW: Character = {
  id: "c", version: "v1", name: "Marfa", tagline: "", description: "", tags: [], portrait: "", greeting: "", thumb: "",
  mine: true, shared: false, favourite: false, created_ms: 0, language: "",
}; // prettier-ignore
const CARD: EditableCard = {
  character: ROW,
  current: "v1",
  texts: { ...NO_TEXTS, name: "Marfa", scenario: "A mill." },
  book: "",
  assets: [{ type: "emotion", name: "glad", ext: "png", where: "embedded", size: 3, thumb: "" }],
  other: [],
};

test("versions are compared field by field, lore and pictures with them", () => {
  const book = JSON.stringify({ entries: [{ keys: ["tea"], content: "Hot." }] });
  const after = { ...CARD, texts: { ...CARD.texts, scenario: "A mill by night." }, book, assets: [] };
  expect(differences(CARD, after).map((one) => one.label)).toEqual(["Scenario", "Lorebook", "Pictures"]);
  expect(differences(CARD, CARD)).toEqual([]);
});

test("a card is given to a preview as V3", () => {
  const card = JSON.parse(cardJson({ ...NO_TEXTS, name: "A", creator_notes_multilingual: [{ language: "ru", text: "Я" }] }, "")) as {
    spec: string;
    data: Record<string, unknown>;
  };
  expect([card.spec, card.data["creator_notes_multilingual"]]).toEqual(["chara_card_v3", { ru: "Я" }]);
});

describe("a card that is written", () => {
  const asked: { line: string; body: Record<string, unknown> }[] = [];
  let answers: Response[] = [];

  beforeEach(() => {
    setActivePinia(createPinia());
    localStorage.clear();
    vi.useFakeTimers();
    asked.length = 0;
    vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
      const body = typeof init.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : {};
      asked.push({ line: `${init.method ?? ""} ${path}`, body });
      return Promise.resolve(answers.shift() ?? new Response("[]"));
    });
    const characters = useCharacters();
    characters.list = [ROW];
    characters.state = "loaded";
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const json = (value: unknown, status = 200): Response => new Response(JSON.stringify(value), { status });

  async function opened(): Promise<ReturnType<typeof useCardDraft>> {
    answers = [json(CARD)];
    const draft = useCardDraft("c");
    await draft.open();
    return draft;
  }

  test("is saved with what was changed, and nothing else is sent anew", async () => {
    const draft = await opened();
    expect(draft.isChanged.value).toBe(false);
    draft.work.texts.scenario = "A garden.";
    answers = [json({ character: "c", version: "v2", changed: true }, 201), json([{ ...ROW, version: "v2" }]), json({ ...CARD, character: { ...ROW, version: "v2" } })];
    expect(await draft.save()).toBe("saved");
    const save = asked.find((one) => one.line.startsWith("POST"));
    expect(save?.line).toBe("POST /api/characters/c/versions");
    expect(save?.body).toMatchObject({ base: "v1", book: null, assets: null, portrait: "", over: null });
    expect((save?.body["texts"] as Record<string, string>)["scenario"]).toBe("A garden.");
    expect(draft.base.value).toBe("v2");
  });

  test("waits in the browser until it is saved or thrown away", async () => {
    const draft = await opened();
    draft.work.texts.scenario = "A garden.";
    await nextTick();
    await vi.advanceTimersByTimeAsync(400);
    expect(keptDraft("c")?.texts.scenario).toBe("A garden.");
    const again = await opened();
    expect([again.isKept.value, again.work.texts.scenario]).toEqual([true, "A garden."]);
    again.drop();
    expect([again.isChanged.value, keptDraft("c")]).toEqual([false, null]);
  });

  test("is told that somebody saved meanwhile, and can go over it knowingly", async () => {
    const draft = await opened();
    draft.work.texts.scenario = "A garden.";
    answers = [json({ code: "conflict", text: "", limit: 0 }, 409), json([{ ...ROW, version: "v9" }])];
    expect(await draft.save()).toBe("conflict");
    expect([draft.work.texts.scenario, draft.mine.value?.version]).toEqual(["A garden.", "v9"]);
    answers = [json({ code: "storage", text: "", limit: 0 }, 503)];
    expect(await draft.save("v9")).toBe("refused");
    expect(asked.at(-1)?.body).toMatchObject({ base: "v1", over: "v9" });
    expect(draft.trouble.value).not.toBe("");
  });

  test("a removed asset is left out, and a new one is named by its picture", async () => {
    const draft = await opened();
    draft.work.assets.splice(0, 1, { type: "emotion", name: "sad", at: -1, picture: "p", thumb: "", where: "embedded", size: 0 });
    answers = [json({ code: "storage", text: "", limit: 0 }, 503)];
    await draft.save();
    expect(asked.at(-1)?.body["assets"]).toEqual([{ type: "emotion", name: "sad", at: -1, picture: "p" }]);
  });

  test("another's character cannot be written", async () => {
    useCharacters().list = [{ ...ROW, mine: false }];
    const draft = useCardDraft("c");
    await draft.open();
    expect(draft.state.value).toBe("gone");
  });
});

describe("a refused card", () => {
  afterEach(() => chooseLanguage("en"));

  test("is told in the page's language, with its facts", async () => {
    const refused = { code: "broken_json", facts: ["1", "10"], why: "The card's JSON is broken." };
    expect(cardLine(refused)).toBe("The card's JSON is broken in line 1, column 10.");
    await chooseLanguage("ru");
    expect(cardLine(refused)).toBe("JSON карточки испорчен: строка 1, столбец 10.");
    expect(refusalLine({ code: "card", text: "x", cause: "picture", facts: [] })).toMatch(/^Картинку нельзя взять/);
    expect(cardLine({ code: "unheard", facts: [], why: "As the server said." })).toBe("As the server said.");
  });

  test("has words for the same causes in both languages", () => {
    expect(Object.keys(cardsInRussian)).toEqual(Object.keys(cardsInEnglish));
  });
});
