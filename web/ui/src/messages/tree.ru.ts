/** Дерево сообщений: ветви, закладки, карта. Часть ru.ts. */
import { plural } from "./plural";
import type { treeInEnglish } from "./tree";

const messages = (n: number): string => plural("ru", n, { one: "сообщение", few: "сообщения", many: "сообщений", other: "сообщения" });

export const treeInRussian: typeof treeInEnglish = {
  more: "Ещё",
  bookmark: "Закладка",
  bookmarkTitle: "Назовите это место",
  bookmarkHint: "Закладку легко найти на карте ветвей.",
  bookmarkName: "Название закладки",
  bookmarkRemove: "Убрать",
  branch: "Новая ветвь отсюда",
  branching: "Здесь начинается новая ветвь. Всё, что было дальше, останется на старой.",
  branchCancel: "Вернуться назад",
  hint: "Ещё один ответ, с подсказкой…",
  hintTitle: "Ещё один ответ, с подсказкой",
  hintText: "Что должно быть иначе?",
  hintGo: "Написать",
  removeOne: "Удалить это сообщение",
  removeAlone: "Удалить только это сообщение",
  removeBranch: "Удалить всё отсюда",
  removed: "Удалено.",
  inPlace: "Изменить на месте",
  revised: "переписано",
  impersonate: "Написать за вас",
  impersonating: "Пишутся ваши следующие слова…",
  seeking: "Ищем это сообщение…",

  map: "Карта ветвей",
  mapOf: (n: number) => `Ветви: ${messages(n)}`,
  mapHint: "Стрелки ведут по ветвям, Enter показывает место. Тяните, чтобы двигать; колёсико или два пальца меняют масштаб.",
  mapLoading: "Рисуем карту…",
  here: "Вы здесь",
  onPath: "на показанном пути",
  gone: "удалено",
  bookmarkNamed: (name: string) => `закладка «${name}»`,
  count: messages,
  go: "Показать это место",
  restore: "Вернуть",
  zoomIn: "Крупнее",
  zoomOut: "Мельче",
  fit: "Показать целиком",
  showGone: (n: number) => `Показать удалённое (${n})`,
  purge: "Удалить навсегда…",
  purgeGo: "Удалить навсегда",
  purgeText: (n: number) => `Без возврата исчезнет удалённое здесь (${messages(n)}), вместе с прежними редакциями.`,
};
