/** What was odd about a card or a lorebook and was tolerated, in Russian: a part of ru.ts. */
import type { CardLine } from "./cards";

const n = (fact = ""): string => Number(fact).toLocaleString("ru");

const places: Readonly<Record<string, (at: string) => string>> = {
  lorebook: () => "Книга знаний: ",
  entry: (at) => `Книга знаний, запись ${at}: `,
  asset: (at) => `Файл ${at}: `,
};
const kinds: Readonly<Record<string, string>> = { missing: "нет значения", true: "true", false: "false", object: "объект", list: "список" };

const odd = (end: (more: string) => string): CardLine =>
  (place = "", at = "", field = "", kind = "", value = "", more = "") =>
    `${places[place]?.(at) ?? ""}в поле «${field}» ${kinds[kind] ?? (kind === "number" ? `число ${value}` : `текст «${value}»`)}, ${end(more)}.`
      .replace(/^./u, (first) => first.toLocaleUpperCase("ru"));

export const warningsInRussian: Record<string, CardLine> = {
  // the file
  json_utf16: () => "JSON записан в UTF-16, а не в UTF-8.",
  json_garbled: () => "Часть букв прочесть не удалось: вместо них стоит �.",
  json_breaks: () => "В текстах JSON есть переводы строк или другие управляющие знаки.",
  json_name_twice: () => "Одно имя стоит в объекте JSON дважды: действует последнее.",
  json_constant: (name = "") => `${name} — не число для JSON: считается, что значения нет.`,
  picture_more: (bytes) => `После конца картинки идут ещё байты, они не читаются: ${n(bytes)}.`,
  picture_unshown: () => "Картинка не показывается: она повреждена или такого вида, который не показывается.",
  picture_too_large: (pixels, most) => `Картинка не показывается: в ней ${n(pixels)} точек, а можно ${n(most)}.`,
  picture_no_decoder: () => "Картинки не показываются: на сервере нет Pillow. Владелец может выполнить python3 -m deploy setup.",
  archive_before: (bytes) => `Перед архивом стоят ещё байты, они не читаются: ${n(bytes)}.`,
  file_no_base64: (name = "") => `Файл «${name}» внутри карточки не читается: он пропущен.`,
  file_twice: (name = "") => `Файл «${name}» есть в карточке дважды: действует первый.`,
  chunks_differ: (name = "") => `В картинке несколько разных карточек (${name}): действует первая.`,
  chunk_unread: (name = "") => `Одна из карточек в картинке (${name}) не читается.`,
  chunk_bare: () => "Карточка лежит в картинке простым JSON, а не в base64.",
  newer_no_json: () => "Из двух карточек в файле новая испорчена: взята старая.",
  newer_no_card: () => "Из двух карточек в файле новая — вовсе не карточка: взята старая.",
  // the format
  spec_no_data: (name = "") => `Карточка называет себя «${name}», но устроена как V1: так и прочитана.`,
  spec_missing: () => "Карточка не говорит, какого она формата: прочитана как V2.",
  spec_unknown: (name = "") => `Формат карточки «${name}» неизвестен: прочитана как V3.`,
  spec_newer: (version = "") => `Карточка более нового формата (${version}): всё новое в ней сохранено.`,
  spec_other: (name = "", version = "") => `Карточка называет себя ${name}, но версия у неё ${version}.`,
  odd_version: odd((usual) => `принято за ${usual}`),
  // what it holds
  no_name: () => "У карточки нет имени.",
  assets_none: (number) => `Пропущено то, что файлами карточки не является: ${n(number)}.`,
  icons_main: (number) => `Значков с именем «main»: ${n(number)}, а нужен один.`,
  asset_type: (at, type = "") => `Файл ${n(at)}: его вид «${type}» неизвестен. Он сохранён, но не используется.`,
  asset_remote: (at, address = "") => `Файл ${n(at)} лежит в другом месте и никогда не загружается: ${address}`,
  asset_missing: (at, name = "") => `Файл ${n(at)}: «${name}» в карточке нет.`,
  asset_uri: (at) => `Файл ${n(at)}: его data URI не читается.`,
  entries_none: (number) => `Пропущено то, что записями книги знаний не является: ${n(number)}.`,
  odd_text_written: odd(() => "а не текст: записано как текст"),
  odd_text_joined: odd(() => "а не текст: тексты из него соединены"),
  odd_text: odd(() => "а не текст: пропущено"),
  odd_texts_one: odd(() => "а не список текстов: принято за список из одного"),
  odd_texts_apart: odd(() => "а не список текстов: разделено по запятым"),
  odd_texts_some: odd(() => "и не всё в нём текст"),
  odd_texts: odd(() => "а не список текстов: пропущено"),
  odd_flag: odd(() => "а не true или false"),
  odd_number_text: odd(() => "а не число"),
  odd_number: odd(() => "а не пригодное число: пропущено"),
  odd_whole: odd(() => "а не целое: округлено"),
  odd_negative: odd(() => "меньше нуля: пропущено"),
  odd_object: odd(() => "а не объект: пропущено"),
  odd_list: odd(() => "а не список: пропущено"),
  odd_book: odd(() => "а не книга знаний: пропущено"),
  odd_position: odd(() => "а не before_char или after_char"),
  odd_entries: odd(() => "поэтому записей нет"),
  more: (number) => `… и ещё ${n(number)}`,
};
