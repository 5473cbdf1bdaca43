/** Remarks on files that came in, by the server's code and facts: a part of en.ts. */
import type { CardLine } from "./cards";
import { plural } from "./plural";

const n = (fact = ""): string => Number(fact).toLocaleString("en");
const count = (fact = "", one: string, other: string): string => plural("en", Number(fact), { one, other });

export const remarksInEnglish: Record<string, CardLine> = {
  // conversations
  file_memory: () => "The file needs more memory or time than one may.",
  no_chat: () => "This is no chat: neither Samovar's JSON or Markdown nor SillyTavern's lines.",
  newer_chat: () => "A newer Samovar wrote this file: update this one first.",
  chat_messages: (most) => `The chat has more than ${n(most)} messages.`,
  chat_text: (at, most) => `Message ${n(at)} has more than ${n(most)} characters.`,
  chat_parent: (at) => `Message ${n(at)} has none before it.`,
  chat_head: () => "The last message that was shown is not in the file.",
  chat_path: () => "The file has the shown messages alone: other versions are not in it.",
  chat_lines: (lines) => `${count(lines, "line", "lines")} could not be read and were left out.`,
  chat_garbled: (lines) => `${count(lines, "line has", "lines have")} letters that could not be read: � stands for them.`,
  chat_hidden: (messages) => `${count(messages, "message was", "messages were")} hidden from the model; here they are not.`,
  chat_pictures: (messages) => `${count(messages, "message", "messages")} had pictures or files, which stay where they were.`,
  chat_back: () => "You removed this conversation: it is back.",
  older_state: () => "A conversation that began at the same moment was here: this is another state or branch of it.",
  no_card: (name = "") => `There is no card of “${name}”: a character with an empty one answers.`,
  note_left: () => "The author's note is too long, or stands too far away: it stays there.",
  not_stored: () => "It could not be stored. The server's log says why.",
  // groups
  group_empty: () => "Nobody is in the group.",
  group_full: (most) => `A group has at most ${n(most)} characters: the others are kept as ones who left.`,
  group_without: () => "None of its chats came in.",
  // characters, lorebooks, personas, presets
  lore_everywhere: () => "It counts everywhere, as it did there.",
  lore_missing: (name = "") => `Its lorebook “${name}” is not in the folder.`,
  lore_in_card: (name = "") => `The lorebook “${name}” is in the card as well: that copy counts for the character.`,
  removed_meanwhile: () => "The lorebook was removed meanwhile.",
  no_lorebook: () => "There is no lorebook in the file.",
  lorebooks: (most) => `You have ${count(most, "lorebook", "lorebooks")}, as many as this server allows.`,
  book_bytes: (size, most) => `The lorebook has ${n(size)} bytes of text, more than the ${n(most)} allowed: take it apart.`,
  persona_picture: () => "Its picture cannot be shown: it is left out.",
  name: (most) => `The name must have 1 to ${n(most)} visible characters.`,
  text: (most) => `The text has more than ${n(most)} characters: shorten it.`,
  too_many_of_them: (most) => `You have ${n(most)} of them, as many as this server allows.`,
  preset: () => "This is no sampler preset, or a value in it is out of range.",
  preset_left: (names = "") => `Without a counterpart here: ${names}.`,
  preset_prompts: (texts) => `${count(texts, "prompt", "prompts")} of it stay behind: a preset here has settings alone.`,
  instructions_kept: () => "You have instructions of your own: they stay.",
  no_settings: () => "Without it there are no personas, tags and attached lorebooks.",
  json_no_object: () => "The JSON is not what such a file holds.",
  // files
  twice: () => "A file of this name is in the folder twice.",
  unread: () => "The file cannot be read where it lies.",
  not_sent: () => "It was not sent any more.",
  left_templates: () => "Templates of prompts come with the model here.",
  left_sysprompts: () => "The instructions in use come with settings.json; there is no list of them here.",
  left_backups: () => "Copies of chats and settings that come in as they are now.",
  left_thumbnails: () => "Small pictures are drawn anew.",
  left_secrets: () => "Keys of other services are not asked for, and were not sent.",
  left_sprites: () => "Pictures of moods have no counterpart here.",
  left_avatar: () => "No persona uses this picture.",
  left_odd: () => "Not called as such files are.",
  left_outside: (root = "") => `Outside of the folder “${root}” that came in.`,
  left_other: () => "No counterpart here.",
};
