/** What was odd about a card or a lorebook and was tolerated, by the server's code and facts: a part of en.ts. */
import type { CardLine } from "./cards";

const n = (fact = ""): string => Number(fact).toLocaleString("en");

const places: Readonly<Record<string, (at: string) => string>> = {
  lorebook: () => "The lorebook: ",
  entry: (at) => `Lore entry ${at}: `,
  asset: (at) => `File ${at}: `,
};
const kinds: Readonly<Record<string, string>> = { missing: "missing", true: "true", false: "false", object: "an object", list: "a list" };

/** A value of the wrong type: the place, its number, the field, the kind of value, the value, and what else there is. */
const odd = (end: (more: string) => string): CardLine =>
  (place = "", at = "", field = "", kind = "", value = "", more = "") =>
    `${places[place]?.(at) ?? ""}“${field}” is ${kinds[kind] ?? (kind === "number" ? value : `the text “${value}”`)}, ${end(more)}.`;

export const warningsInEnglish: Record<string, CardLine> = {
  // the file
  json_utf16: () => "Its JSON is in UTF-16, not in UTF-8.",
  json_garbled: () => "Some letters could not be read: � stands for them.",
  json_breaks: () => "Its JSON has line breaks or other control characters inside its texts.",
  json_name_twice: () => "A name stands twice in one object of the JSON: the last one counts.",
  json_constant: (name = "") => `${name} is no number in JSON: it counts as nothing.`,
  picture_more: (bytes) => `${n(bytes)} bytes follow the end of the picture: they are not read.`,
  picture_unshown: () => "The picture is not shown: it is damaged, or of a kind that is not shown.",
  picture_too_large: (pixels, most) => `The picture is not shown: it has ${n(pixels)} pixels, more than ${n(most)}.`,
  picture_no_decoder: () => "Pictures are not shown: the server lacks Pillow. Its owner can run python3 -m deploy setup.",
  archive_before: (bytes) => `${n(bytes)} bytes stand before the archive: they are not read.`,
  file_no_base64: (name = "") => `The file “${name}” inside of it cannot be read: left out.`,
  file_twice: (name = "") => `The file “${name}” is in it twice: the first one counts.`,
  chunks_differ: (name = "") => `The picture has several cards (${name}) that differ: the first one counts.`,
  chunk_unread: (name = "") => `One of the cards in the picture (${name}) cannot be read.`,
  chunk_bare: () => "The card stands in the picture as bare JSON, not as base64.",
  newer_no_json: () => "Of two cards in the file the newer one is broken: the older one counts.",
  newer_no_card: () => "Of two cards in the file the newer one is no card: the older one counts.",
  // the format
  spec_no_data: (name = "") => `The card calls itself “${name}”, but is built as V1: read so.`,
  spec_missing: () => "The card does not say of which format it is: read as V2.",
  spec_unknown: (name = "") => `The card's format “${name}” is unknown: read as V3.`,
  spec_newer: (version = "") => `The card is of a newer format (${version}): what is new in it is kept.`,
  spec_other: (name = "", version = "") => `The card calls itself ${name}, but version ${version}.`,
  odd_version: odd((usual) => `taken for ${usual}`),
  // what it holds
  no_name: () => "The card has no name.",
  assets_none: (number) => `Files of the card that are none, left out: ${n(number)}.`,
  icons_main: (number) => `Icons that are called “main”: ${n(number)}; one should be.`,
  asset_type: (at, type = "") => `File ${n(at)}: its type “${type}” is unknown. It is kept and not used.`,
  asset_remote: (at, address = "") => `File ${n(at)} lies elsewhere and is never fetched: ${address}`,
  asset_missing: (at, name = "") => `File ${n(at)}: “${name}” is not in the card.`,
  asset_uri: (at) => `File ${n(at)}: its data URI cannot be read.`,
  entries_none: (number) => `Lore entries that are none, left out: ${n(number)}.`,
  odd_text_written: odd(() => "not a text: written out"),
  odd_text_joined: odd(() => "not a text: its texts were joined"),
  odd_text: odd(() => "not a text: left out"),
  odd_texts_one: odd(() => "not a list of texts: taken for a list of one"),
  odd_texts_apart: odd(() => "not a list of texts: taken apart at its commas"),
  odd_texts_some: odd(() => "and not all of it is text"),
  odd_texts: odd(() => "not a list of texts: left out"),
  odd_flag: odd(() => "not true or false"),
  odd_number_text: odd(() => "not a number"),
  odd_number: odd(() => "not a number of use: left out"),
  odd_whole: odd(() => "not a whole number: rounded"),
  odd_negative: odd(() => "below nought: left out"),
  odd_object: odd(() => "not an object: left out"),
  odd_list: odd(() => "not a list: left out"),
  odd_book: odd(() => "not a lorebook: left out"),
  odd_position: odd(() => "neither before_char nor after_char"),
  odd_entries: odd(() => "so it has none"),
  more: (number) => `… and ${n(number)} more`,
};
