import { describe, expect, test } from "vitest";
import { agoOf } from "../conversations/ago";
import { greetingOf } from "../gallery/greeting";
import { named } from "../gallery/named";
import { en } from "./en";
import { initialOf } from "./initial";
import { plainOf } from "./plain";

describe("words for people", () => {
  test.each([[1, "1st"], [2, "2nd"], [3, "3rd"], [4, "4th"], [11, "11th"], [12, "12th"], [21, "21st"], [113, "113th"]])(
    "%i is the %s",
    (n, expected) => {
      expect(en.progress.place(n, 200)).toBe(`${expected} of 200 in line`);
    },
  );

  test.each([[3, "a few seconds"], [44, "40 seconds"], [100, "2 minutes"], [60, "60 seconds"], [60 * 7, "7 minutes"]])(
    "%i seconds are %s",
    (seconds, expected) => {
      expect(en.progress.wait(seconds)).toBe(`about ${expected}`);
    },
  );

  test("one greets by the hour", () => {
    expect(greetingOf(3, "Anna")).toBe("Still up, Anna?");
    expect(greetingOf(8, "Anna")).toBe("Good morning, Anna");
    expect(greetingOf(14, "Anna")).toBe("Hello, Anna");
    expect(greetingOf(20, "Anna")).toBe("Good evening, Anna");
  });

  test("a card calls people by their names", () => {
    expect(named("{{char}} and {{User}}, <BOT> and <user>", "Halm", "$& Anna")).toBe("Halm and $& Anna, Halm and $& Anna");
    expect(named("<CHAR>, {{bot}} and <USER>, {{other}}", "{{user}}", "<BOT>")).toBe("{{user}}, {{user}} and <BOT>, {{other}}");
  });

  test("the first letter of a name is whole", () => {
    expect(initialOf(" анна")).toBe("А");
    expect(initialOf("👩‍🌾 Clover")).toBe("👩‍🌾");
    expect(initialOf("")).toBe("·");
  });
});

describe("when something was", () => {
  const now = new Date(2026, 4, 20, 15, 0).getTime();
  const at = (...parts: [number, number, number, number, number]): string => agoOf(new Date(...parts).getTime(), now);

  test("is said in few words", () => {
    expect(agoOf(now - 5_000, now)).toBe("just now");
    expect(agoOf(now - 12 * 60_000, now)).toBe("12 min. ago");
    expect(at(2026, 4, 20, 9, 5)).toMatch(/9:05/);
    expect(at(2026, 4, 19, 23, 0)).toBe("yesterday");
    expect(at(2026, 4, 16, 12, 0)).toBe(new Date(2026, 4, 16).toLocaleDateString("en", { weekday: "long" }));
    expect(at(2025, 4, 16, 12, 0)).toMatch(/2025/);
  });
});

describe("plain text", () => {
  test.each([
    ["*The bell.* “Sit **down**.”", "The bell. “Sit down.”"],
    ["# Title\n\n- one\n- two", "Title\n\none\ntwo"],
    ["A door.{{hidden_key: dragon}}{{comment: old}} *Open.*", "A door. Open."],
    ["A door. {{hidden_key: a drag", "A door."], // cut off
    ["A {{door", "A {{door"],
    ["[jam](https://example.org) and `code`", "jam and code"],
    ["*The car pulls up, and", "The car pulls up, and"],
    ["2 * 3 * 4", "2 * 3 * 4"],
    ["snake_case_name", "snake_case_name"],
  ])("of %j", (text, expected) => {
    expect(plainOf(text)).toBe(expected);
  });
});
