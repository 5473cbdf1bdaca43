/** Why the queue did not make a reply, in one sentence. */
import { words } from "../messages/words";
import type { Outcome } from "../wire/conversation";

/** "" where the reply ended otherwise. */
export function refusalOf({ reason, limit, againMs }: Outcome): string {
  const refused = words.queue.refused;
  switch (reason) {
    case "queue_full":
    case "user_waiting":
      return refused[reason](limit);
    case "user_tokens":
      return refused.user_tokens(limit, againMs);
    case "dismissed":
      return refused.dismissed();
    default:
      return "";
  }
}
