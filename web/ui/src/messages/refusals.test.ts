import { afterEach, describe, expect, test, vi } from "vitest";
import { textOf, rest, troubleRef } from "../wire/rest";
import { chooseLanguage } from "./language";
import { causeLine, farewellLine, refusalLine, remarkLine } from "./refusals";

afterEach(async () => {
  vi.unstubAllGlobals();
  await chooseLanguage("en");
});

const serverSays = (status: number, body: string, headers: Record<string, string> = {}): void => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status, headers })));
};
const thrownBy = (asked: Promise<unknown>): Promise<unknown> => asked.then(() => null, (error: unknown) => error);

describe("a remark on a file", () => {
  const odd = { code: "odd_texts_apart", facts: ["entry", "3", "keys", "text", "ice, snow"], text: "from the server" };

  test("names the place, the field and the value, in the language of the page", async () => {
    expect(remarkLine(odd)).toBe("Lore entry 3: “keys” is the text “ice, snow”, not a list of texts: taken apart at its commas.");
    await chooseLanguage("ru");
    expect(remarkLine(odd)).toBe("Книга знаний, запись 3: в поле «keys» текст «ice, snow», а не список текстов: разделено по запятым.");
    expect(remarkLine({ code: "odd_flag", facts: ["card", "0", "x", "number", "7"], text: "" })).toBe("В поле «x» число 7, а не true или false.");
  });

  test("of a code that the page does not know is told in the server's words", () => {
    expect(remarkLine({ ...odd, code: "of_tomorrow" })).toBe("from the server");
    expect(remarkLine({ ...odd, code: "toString" })).toBe("from the server");
  });
});

describe("why a reply broke off", () => {
  const cause = { cause: "too_long", facts: ["1200", "3584"], why: "from the box" };

  test("is told in the words of the page, by its code and numbers", async () => {
    expect(causeLine(cause)).toMatch(/^The prompt has 1,200 tokens more than the 3,584 that this model has room for/);
    await chooseLanguage("ru");
    expect(causeLine(cause)).toMatch(/^Запрос длиннее, чем вмещает эта модель.* 1\s200 сверх 3\s584/);
  });

  test("carries what was said where the page knows no such cause, and is nothing where nobody said why", async () => {
    expect(causeLine({ ...cause, cause: "" })).toBe("The computer that writes gave this cause: “from the box”");
    expect(causeLine({ ...cause, cause: "valueOf" })).toContain("“from the box”");
    await chooseLanguage("ru");
    expect(causeLine({ ...cause, cause: "of_tomorrow" })).toBe("Компьютер, который пишет ответы, назвал такую причину: «from the box»");
    expect(causeLine({ cause: "", facts: [], why: "" })).toBe("");
  });
});

describe("a refusal", () => {
  test("is told in the words of the page, by its code", () => {
    expect(refusalLine({ code: "storage", text: "disk full" })).toMatch(/^Saving does not work/);
  });

  test("of a code that the page does not know is told in the server's words", () => {
    expect(refusalLine({ code: "address", text: "No such address." })).toBe("No such address.");
    expect(refusalLine({ code: "constructor", text: "Odd." })).toBe("Odd.");
    expect(farewellLine({ code: "going_down", text: "Going down." })).toBe("Going down.");
  });

  test("says the number that it is about, where the server gave it", () => {
    expect(refusalLine({ code: "password", text: "", limit: 12 })).toContain("12 characters");
    expect(refusalLine({ code: "password", text: "", limit: 0 })).toBe("This password cannot be used.");
  });

  test("says when another try is worth it", async () => {
    serverSays(429, '{"code":"too_many","text":"Wait.","limit":0}', { "Retry-After": "60" });
    const error = await thrownBy(rest.logIn({ name: "Anna", password: "x" }));
    expect(textOf(error)).toBe("Too many tries. Try again in 60 seconds.");
    await chooseLanguage("ru");
    expect(textOf(error)).toBe("Слишком много попыток. Попробуйте ещё раз через 60\u00a0секунд.");
  });

  test("of something between the page and the server is told by its status", async () => {
    serverSays(502, "<h1>Bad gateway</h1>");
    expect(textOf(await thrownBy(rest.me()))).toContain("502");
  });

  test("no answer, and a bug of the page, are told as such", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
    expect(textOf(await thrownBy(rest.me()))).toMatch(/^The server does not answer/);
    expect(textOf(new TypeError("x is not a function"))).toMatch(/^Something went wrong in this page/);
  });

  test("that is on the page follows a change of the language", async () => {
    serverSays(401, '{"code":"wrong_login","text":"Name or password is wrong.","limit":0}');
    const trouble = troubleRef();
    expect(trouble.value).toBe("");
    trouble.value = await thrownBy(rest.logIn({ name: "Anna", password: "x" }));
    expect(trouble.value).toBe("Name or password is wrong.");
    await chooseLanguage("ru");
    expect(trouble.value).toBe("Неверное имя или пароль.");
    trouble.value = "";
    expect(trouble.value).toBe("");
  });
});
