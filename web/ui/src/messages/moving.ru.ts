/** What the page says of moving in from SillyTavern, in Russian: a part of ru.ts. */
import type { movingInEnglish } from "./moving";
import { plural } from "./plural";

const count = (n: number, one: string, few: string, many: string): string => plural("ru", n, { one, few, many, other: few });
const messagesOf = (n: number): string => count(n, "сообщение", "сообщения", "сообщений");

export const movingInRussian: typeof movingInEnglish = {
  begin: "Переезд из SillyTavern",
  under: (done, all) => `Переезд: ${done} из ${all}`,
  title: "Переезд из SillyTavern",
  lead: "Персонажи, беседы со всеми вариантами, группы, книги знаний, персоны и наборы настроек загружаются разом.",
  where: "Это папка data/default-user вашего SillyTavern.",
  again: "Повторить можно когда угодно: что уже здесь, узнаётся и не добавляется дважды. Ключи других служб не отправляются.",
  folder: "Выбрать папку",
  zip: "Выбрать её архив zip",
  drop: "Или перетащите папку или её zip сюда. Так же добавляется и папка, в которой одни карточки персонажей.",
  listing: "Просматриваю папку",
  sending: (done, all) => `Файл ${done} из ${all}`,
  ending: "Заканчиваю отчёт",
  stop: "Остановить",
  stopped: "Остановится после этого файла. Загруженное останется.",
  behind: "Продолжать в фоне",
  begunAnew: "Сервер тем временем запустили заново, и переезд начался ещё раз: загруженное раньше значится как «уже здесь».",
  brokenZip: "Этот zip повреждён или вовсе не zip: упакуйте папку заново.",
  doneTitle: "Переезд окончен",
  nothing: "Ничего не загружено",
  chats: (messages, versions) =>
    versions > messages ? `${messagesOf(messages)}, со всеми вариантами — ${versions.toLocaleString("ru")}` : messagesOf(messages),
  lore: (entries) => `${count(entries, "запись", "записи", "записей")} в книге знаний`,
  kind: "Что",
  counts: { found: "Нашлось", imported: "Загружено", known: "Уже здесь", refused: "Не принято", left_out: "Осталось там" },
  kinds: {
    character: "Персонажи",
    chat: "Беседы",
    group: "Группы",
    group_chat: "Беседы групп",
    lorebook: "Книги знаний",
    persona: "Персоны",
    preset: "Наборы настроек",
    instructions: "Указания",
    settings: "Файл настроек",
    avatar: "Ничьи картинки",
    other: "Прочие файлы",
  },
  remarks: (n) => `Загружено с замечанием: ${n}`,
  files: (n) => count(n, "файл", "файла", "файлов"),
  more: "Показать ещё",
  save: "Сохранить отчёт",
  another: "Другая папка",
};
