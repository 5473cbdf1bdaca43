import { afterEach, expect, test } from "vitest";
import { nextTick } from "vue";
import { chooseLanguage } from "../messages/language";
import { find, mount } from "../testing/mount";
import RemarkList from "./RemarkList.vue";

afterEach(async () => {
  await chooseLanguage("en");
});

const remarks = [
  { code: "no_name", facts: [], text: "The card has no name." },
  { code: "asset_missing", facts: ["2", "<b>a.png</b>"], text: "" },
];

test("remarks are folded, counted, and follow the language; what a card says stays text", async () => {
  const root = mount(RemarkList, { remarks });
  expect(find<HTMLDetailsElement>(root, "details").open).toBe(false);
  expect(find(root, "summary").textContent).toBe("2 remarks");
  expect([...root.querySelectorAll("li")].map((line) => line.textContent)).toEqual([
    "The card has no name.",
    "File 2: “<b>a.png</b>” is not in the card.",
  ]);
  expect(root.querySelector("li b")).toBeNull();
  await chooseLanguage("ru");
  await nextTick();
  expect(find(root, "summary").textContent).toBe("2\u00a0замечания");
  expect(find(root, "li").textContent).toBe("У карточки нет имени.");
});

test("nothing is shown where there is nothing to remark", () => {
  expect(mount(RemarkList, { remarks: [] }).querySelector("details")).toBeNull();
});
