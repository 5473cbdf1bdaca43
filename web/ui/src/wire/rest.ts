/** The requests under /api. Every refusal becomes a RefusedError with a line for people. */
import type {
  BoxList,
  BoxName,
  BoxOffer,
  Character,
  Conversation,
  ConversationMade,
  FirstVisit,
  Login,
  Me,
  NewConversation,
  NewOffer,
  NewTitle,
  Refusal,
} from "./protocol";
import { words } from "../messages/words";

/** The server said no; `message` says why and what to do. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    text: string,
  ) {
    super(text);
  }
}

/** The server did not answer at all. */
export class UnreachableError extends Error {
  constructor() {
    super(words.errors.unreachable);
  }
}

/** The line for people, whatever was thrown. */
export function textOf(error: unknown): string {
  return error instanceof RefusedError || error instanceof UnreachableError ? error.message : words.errors.unexpected;
}

const DEADLINE_MS = 15_000;

async function request<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const init: RequestInit = { method, credentials: "same-origin", signal: AbortSignal.timeout(DEADLINE_MS) };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, init);
    text = await response.text();
  } catch {
    throw new UnreachableError();
  }
  if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as Answer;
  throw refusal(response.status, text);
}

function refusal(status: number, text: string): RefusedError {
  try {
    const { code, text: line } = JSON.parse(text) as Refusal;
    return new RefusedError(status, code, line);
  } catch {
    return new RefusedError(status, "unknown", words.errors.status(status));
  }
}

const boxPath = (id: string): string => `/api/boxes/${encodeURIComponent(id)}`;
const conversationPath = (id: string): string => `/api/conversations/${encodeURIComponent(id)}`;

export const rest = {
  me: () => request<Me>("GET", "/api/me"),
  setUp: (visit: FirstVisit) => request<Me>("POST", "/api/setup", visit),
  logIn: (login: Login) => request<Me>("POST", "/api/login", login),
  logOut: () => request<unknown>("POST", "/api/logout"),
  characters: () => request<Character[]>("GET", "/api/characters"),
  conversations: () => request<Conversation[]>("GET", "/api/conversations"),
  begin: (conversation: NewConversation) => request<ConversationMade>("POST", "/api/conversations", conversation),
  rename: (id: string, title: NewTitle) => request<unknown>("PATCH", conversationPath(id), title),
  boxes: () => request<BoxList>("GET", "/api/boxes"),
  offerBox: (offer: NewOffer) => request<BoxOffer>("POST", "/api/boxes/offer", offer),
  withdrawOffer: () => request<unknown>("DELETE", "/api/boxes/offer"),
  renameBox: (id: string, name: BoxName) => request<unknown>("PATCH", boxPath(id), name),
  revokeBox: (id: string) => request<unknown>("DELETE", boxPath(id)),
  remove: (id: string) => request<unknown>("DELETE", conversationPath(id)),
};
