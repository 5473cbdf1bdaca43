/** What the page says of moving in from SillyTavern: a part of en.ts. */
import { plural } from "./plural";

const count = (n: number, one: string, other: string): string => plural("en", n, { one, other });

export const movingInEnglish = {
  begin: "Move in from SillyTavern",
  under: (done: number, all: number) => `Moving in: ${done} of ${all}`,
  title: "Move in from SillyTavern",
  lead: "Characters, chats with all swipes, groups, lorebooks, personas and presets come in at once.",
  where: "It is the folder data/default-user of your SillyTavern.",
  again: "You can do it again at any time: what is here already is recognised and not added twice. Keys of other services are not sent.",
  folder: "Choose the folder",
  zip: "Choose a zip of it",
  drop: "Or drop the folder, or a zip of it, here. A folder of character cards alone comes in the same way.",
  listing: "Looking through the folder",
  sending: (done: number, all: number) => `File ${done} of ${all}`,
  ending: "Finishing the report",
  stop: "Stop here",
  stopped: "It stops after this file. What came in stays.",
  behind: "Go on in the background",
  begunAnew: "The server was started anew meanwhile, so it began once more: what had come in before counts as here already.",
  brokenZip: "The zip is damaged, or is none: pack the folder again.",
  doneTitle: "You have moved in",
  nothing: "Nothing came in",
  chats: (messages: number, versions: number) =>
    versions > messages ? `${count(messages, "message", "messages")}, ${count(versions, "version", "versions")} with all swipes` : count(messages, "message", "messages"),
  lore: (entries: number) => count(entries, "lore entry", "lore entries"),
  kind: "What",
  counts: { found: "Found", imported: "Came in", known: "Here already", refused: "Not taken", left_out: "Left there" },
  kinds: {
    character: "Characters",
    chat: "Chats",
    group: "Groups",
    group_chat: "Group chats",
    lorebook: "Lorebooks",
    persona: "Personas",
    preset: "Presets",
    instructions: "Instructions",
    settings: "Settings file",
    avatar: "Pictures of nobody",
    other: "Other files",
  },
  remarks: (n: number) => `Came in, with a remark: ${n}`,
  files: (n: number) => count(n, "file", "files"),
  more: "Show more",
  save: "Save the report",
  another: "Another folder",
};
