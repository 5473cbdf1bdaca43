/** Remarks on files that came in, in Russian: a part of ru.ts. */
import type { CardLine } from "./cards";
import { plural } from "./plural";

const n = (fact = ""): string => Number(fact).toLocaleString("ru");
const count = (fact = "", one: string, few: string, many: string): string => plural("ru", Number(fact), { one, few, many, other: few });
const lines = (fact?: string): string => count(fact, "строка", "строки", "строк");
const messages = (fact?: string): string => count(fact, "сообщение", "сообщения", "сообщений");

export const remarksInRussian: Record<string, CardLine> = {
  // conversations
  no_chat: () => "Это не беседа: не JSON Самовара и не строки SillyTavern.",
  newer_chat: () => "Этот файл записал более новый Самовар: сначала обновите этот.",
  chat_messages: (most) => `В беседе больше ${n(most)} сообщений.`,
  chat_text: (at, most) => `В сообщении ${n(at)} больше ${n(most)} знаков.`,
  chat_parent: (at) => `Перед сообщением ${n(at)} ничего нет.`,
  chat_head: () => "Последнего показанного сообщения в файле нет.",
  chat_lines: (fact) => `Не удалось прочесть и пропущено: ${lines(fact)}.`,
  chat_garbled: (fact) => `Есть нечитаемые буквы, вместо них стоит �: ${lines(fact)}.`,
  chat_hidden: (fact) => `Было скрыто от модели, а здесь не скрыто: ${messages(fact)}.`,
  chat_pictures: (fact) => `С картинками или файлами, которые остались на месте: ${messages(fact)}.`,
  chat_back: () => "Вы удаляли эту беседу: она вернулась.",
  older_state: () => "Здесь уже была беседа, начатая в ту же минуту: это другое её состояние или ветка.",
  no_card: (name = "") => `Карточки «${name}» нет: отвечает персонаж с пустой.`,
  note_left: () => "Заметка автора слишком длинна или стоит слишком далеко: она осталась там.",
  not_stored: () => "Сохранить не удалось. Почему — написано в журнале сервера.",
  // groups
  group_empty: () => "В группе никого нет.",
  group_full: (most) => `В группе бывает не больше ${n(most)} персонажей: остальные значатся ушедшими.`,
  group_without: () => "Ни одна её беседа не загружена.",
  // characters, lorebooks, personas, presets
  lore_everywhere: () => "Действует везде, как и там.",
  lore_missing: (name = "") => `Прикреплённой книги знаний «${name}» в папке нет.`,
  lore_in_card: (name = "") => `Книга знаний «${name}» есть и в карточке: для персонажа действует эта копия.`,
  removed_meanwhile: () => "Книгу знаний тем временем удалили.",
  no_lorebook: () => "В файле нет книги знаний.",
  lorebooks: (most) => `У вас ${count(most, "книга", "книги", "книг")} знаний — столько, сколько разрешает этот сервер.`,
  book_bytes: (size, most) => `В книге знаний ${n(size)} байт текста, а можно ${n(most)}: разделите её.`,
  persona_picture: () => "Картинку показать нельзя: она пропущена.",
  name: (most) => `В имени должно быть от 1 до ${n(most)} видимых знаков.`,
  text: (most) => `В тексте больше ${n(most)} знаков: сократите его.`,
  too_many_of_them: (most) => `Их у вас ${n(most)} — столько, сколько разрешает этот сервер.`,
  preset: () => "Это не настройки ответов, или одно из значений вне границ.",
  preset_left: (names = "") => `Здесь не с чем сопоставить: ${names}.`,
  preset_prompts: (fact) => `Осталось там: ${count(fact, "текст", "текста", "текстов")} для промпта; здесь в наборе только настройки.`,
  instructions_kept: () => "У вас есть свои указания: они остаются.",
  no_settings: () => "Без него нет персон, меток и прикреплённых книг знаний.",
  json_no_object: () => "JSON не такой, каким бывает этот файл.",
  // files
  twice: () => "Файл с таким именем в папке дважды.",
  unread: () => "Файл не читается там, где он лежит.",
  not_sent: () => "Отправить его не успели.",
  left_templates: () => "Шаблоны промптов здесь приходят вместе с моделью.",
  left_sysprompts: () => "Действующие указания берутся из settings.json; списка их здесь нет.",
  left_backups: () => "Копии бесед и настроек, которые загружены такими, какие они сейчас.",
  left_thumbnails: () => "Маленькие картинки рисуются заново.",
  left_secrets: () => "Ключи других служб не нужны и не отправлялись.",
  left_sprites: () => "Картинкам настроений здесь нет соответствия.",
  left_avatar: () => "Эта картинка не принадлежит ни одной персоне.",
  left_odd: () => "Называются не так, как такие файлы.",
  left_outside: (root = "") => `Вне загруженной папки «${root}».`,
  left_other: () => "Здесь этому нет соответствия.",
};
