import { expect, test } from "vitest";
import type { FoundConversation, FoundMessage } from "../wire/protocol";
import { speakerOf } from "./options";

test.each<[FoundMessage["role"], string, string]>([
  ["assistant", "Gleb", "Gleb"], // a member of the group, not whom the conversation is called by
  ["assistant", "", "Nadia"],
  ["user", "", ""],
  ["user", "Anna", ""],
  ["user", "Mira", "Mira"],
])("a message of %s %j that was found is %j's", (role, speaker, name) => {
  const message: FoundMessage = { message: "m1", role, created_ms: 0, pieces: ["tea"], speaker };
  const conversation: FoundConversation = {
    id: "c1", title: ["Tea"], character_name: "Nadia", portrait: "", updated_ms: 0, archived: false, count: 1, matches: [message],
  }; // prettier-ignore
  expect(speakerOf(message, conversation, "Anna")).toBe(name);
});
