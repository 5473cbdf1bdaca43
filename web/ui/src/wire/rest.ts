/** The requests under /api. Every refusal becomes a RefusedError with a line for people. */
import { computed, shallowRef, type WritableComputedRef } from "vue";
import type {
  AccountFacts,
  AccountMade,
  BoxDrain,
  BoxList,
  BoxName,
  BoxOffer,
  BroughtPicture,
  CardSave,
  Character,
  CharacterChange,
  Choices,
  CharacterChoices,
  CharacterDetails,
  CharacterVersion,
  ChosenVersion,
  ChatImport,
  Conversation,
  ConversationChoices,
  ConversationFiling,
  ConversationMade,
  ConversationMap,
  ConversationVersion,
  EditableCard,
  FirstVisit,
  GroupWish,
  Folder,
  FolderChange,
  FolderList,
  ImportedChat,
  ImportReport,
  Lorebook,
  LorebookAttach,
  LorebookChange,
  LorebookDetails,
  LorebookImport,
  LorebookSave,
  LoreTrial,
  LoreTrialResult,
  Login,
  Me,
  MessageTrace,
  Move,
  MoveReport,
  MoveStep,
  NewAccount,
  NewConversation,
  NewFolder,
  NewOffer,
  NewPersona,
  NewPreset,
  NewRole,
  NewTitle,
  NextPrompt,
  Persona,
  PromptPreview,
  PersonaChange,
  Preset,
  PresetChange,
  PresetFile,
  PresetRead,
  Presets,
  PromptWish,
  QueueMove,
  QueueView,
  Refusal,
  SavedCard,
  SearchResult,
  SummariesWanted,
  SummaryText,
  TextsToCount,
  TokenCounts,
  UserShare,
} from "./protocol";
import { refusalLine } from "../messages/refusals";
import { words } from "../messages/words";

/** The server said no; `refusal` says why. `waitSeconds`: when it is worth another try; 0 where it did not say. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly refusal: Refusal,
    readonly waitSeconds: number,
  ) {
    super(refusal.text);
  }
}

/** The server did not answer at all. */
export class UnreachableError extends Error {}

/** The line for people, whatever was thrown, in the language of now. */
export function textOf(error: unknown): string {
  if (error instanceof UnreachableError) return words.errors.unreachable;
  if (!(error instanceof RefusedError)) return words.errors.unexpected;
  return refusalLine(error.refusal, error.waitSeconds) || words.errors.status(error.status);
}

/** What went wrong last: takes what was thrown, and "" for nothing; gives the line for people. */
export function troubleRef(): WritableComputedRef<string, unknown> {
  const thrown = shallowRef<unknown>("");
  return computed({
    get: () => (thrown.value === "" ? "" : textOf(thrown.value)),
    set: (next) => {
      thrown.value = next;
    },
  });
}

const DEADLINE_MS = 15_000;
const PREVIEW_MS = 40_000;
const UPLOAD_MS = 180_000;

async function request<Answer>(method: string, path: string, body?: unknown, withinMs = DEADLINE_MS): Promise<Answer> {
  const init: RequestInit = { method, credentials: "same-origin", signal: AbortSignal.timeout(withinMs) };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  return answerTo<Answer>(path, init);
}

async function answerTo<Answer>(path: string, init: RequestInit): Promise<Answer> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, init);
    text = await response.text();
  } catch {
    throw new UnreachableError();
  }
  if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as Answer;
  const waitSeconds = Number(response.headers.get("Retry-After"));
  throw new RefusedError(response.status, refusalIn(text), Number.isFinite(waitSeconds) ? waitSeconds : 0);
}

function refusalIn(text: string): Refusal {
  try {
    return JSON.parse(text) as Refusal;
  } catch {
    return { code: "", text: "", limit: 0, cause: "", facts: [] }; // of something between the page and the server
  }
}

/** One file, as it is; opening it takes a while. */
async function upload<Report>(path: string, file: File): Promise<Report> {
  const { files } = await answerTo<{ readonly files: readonly Report[] }>(path, {
    method: "POST",
    credentials: "same-origin",
    signal: AbortSignal.timeout(UPLOAD_MS),
    body: file,
    headers: { "Content-Type": "application/octet-stream", "X-File-Name": encodeURIComponent(file.name) },
  });
  const [report] = files;
  if (report === undefined) throw new UnreachableError();
  return report;
}

/** A picture for a card that is being written. */
function bringPicture(file: File): Promise<BroughtPicture> {
  return answerTo<BroughtPicture>("/api/characters/pictures", {
    method: "POST",
    credentials: "same-origin",
    signal: AbortSignal.timeout(UPLOAD_MS),
    body: file,
    headers: { "Content-Type": "application/octet-stream" },
  });
}

const characterPath = (id: string): string => `/api/characters/${encodeURIComponent(id)}`;

/** A conversation's file; `character` is the version that answers in it, where the file names none. */
async function bringChat(file: File, character = ""): Promise<ImportedChat> {
  const query = character === "" ? "" : `?character=${encodeURIComponent(character)}`;
  const { files } = await answerTo<ChatImport>(`/api/conversations/import${query}`, {
    method: "POST",
    credentials: "same-origin",
    signal: AbortSignal.timeout(UPLOAD_MS),
    body: file,
    headers: { "Content-Type": "application/octet-stream", "X-File-Name": encodeURIComponent(file.name) },
  });
  const [report] = files;
  if (!report) throw new UnreachableError();
  return report;
}

const movePath = (id: string): string => `/api/moves/${encodeURIComponent(id)}`;
const MOVE_MS = 600_000; // other folders may come first, and a long chat takes a while

function movePiece(id: string, number: number, at: number, piece: Blob): Promise<MoveStep> {
  return answerTo<MoveStep>(`${movePath(id)}/files/${number}?at=${at}`, {
    method: "PUT",
    credentials: "same-origin",
    signal: AbortSignal.timeout(MOVE_MS),
    body: piece,
    headers: { "Content-Type": "application/octet-stream" },
  });
}

/** What a conversation can be saved as. */
export const CHAT_FORMS = ["json", "jsonl", "markdown"] as const;
export type ChatForm = (typeof CHAT_FORMS)[number];

export const chatPath = (id: string, form: ChatForm): string => `${conversationPath(id)}/file/${form}`;
export const chatsPath = (form: ChatForm): string => `/api/conversations/files/${form}`;

const versionPath = (version: string): string => `/api/characters/versions/${encodeURIComponent(version)}`;

/** What a character can be saved as. */
export const FORMS = ["png", "png-v2", "charx", "json", "original"] as const;
export type Form = (typeof FORMS)[number];

export const filePath = (version: string, form: Form): string => `${versionPath(version)}/file/${form}`;

const lorebookPath = (id: string): string => `/api/lorebooks/${encodeURIComponent(id)}`;
export const LOREBOOK_FORMS = ["original", "v3", "sillytavern"] as const;
export const lorebookFile = (id: string, form: (typeof LOREBOOK_FORMS)[number]): string => `${lorebookPath(id)}/file/${form}`;

const personaPath = (id: string): string => `/api/personas/${encodeURIComponent(id)}`;
const folderPath = (id: string): string => `/api/folders/${encodeURIComponent(id)}`;
const boxPath = (id: string): string => `/api/boxes/${encodeURIComponent(id)}`;
const queuePath = (id: string): string => `/api/queue/${encodeURIComponent(id)}`;
const conversationPath = (id: string): string => `/api/conversations/${encodeURIComponent(id)}`;
const summariesPath = (id: string, upto = ""): string =>
  `${conversationPath(id)}/summaries${upto === "" ? "" : `/${encodeURIComponent(upto)}`}`;

export const rest = {
  me: () => request<Me>("GET", "/api/me"),
  setUp: (visit: FirstVisit) => request<Me>("POST", "/api/setup", visit),
  logIn: (login: Login) => request<Me>("POST", "/api/login", login),
  logOut: () => request<unknown>("POST", "/api/logout"),
  characters: () => request<Character[]>("GET", "/api/characters"),
  character: (version: string) => request<CharacterDetails>("GET", `${versionPath(version)}?utc_offset_min=${String(-new Date().getTimezoneOffset())}`),
  changeCharacter: (id: string, change: CharacterChange) =>
    request<unknown>("PATCH", characterPath(id), change),
  card: (version: string) => request<EditableCard>("GET", `${versionPath(version)}/card`),
  newCharacter: (save: CardSave) => request<SavedCard>("POST", "/api/characters", save, UPLOAD_MS),
  saveCharacter: (id: string, save: CardSave) => request<SavedCard>("POST", `${characterPath(id)}/versions`, save, UPLOAD_MS),
  bringPicture,
  countTokens: (texts: TextsToCount) => request<TokenCounts>("POST", "/api/prompts/counts", texts),
  previewPrompt: (wish: PromptWish) => request<PromptPreview>("POST", "/api/prompts/preview", wish, PREVIEW_MS),
  versions: (id: string) => request<CharacterVersion[]>("GET", `${characterPath(id)}/versions`),
  chooseVersion: (id: string, chosen: ChosenVersion) => request<unknown>("PUT", `${characterPath(id)}/current`, chosen),
  moveConversation: (id: string, to: ConversationVersion) => request<unknown>("PUT", `${conversationPath(id)}/version`, to),
  bring: (file: File) => upload<ImportReport["files"][number]>("/api/characters/import", file),
  lorebooks: () => request<Lorebook[]>("GET", "/api/lorebooks"),
  makeLorebook: (name: string) => request<Lorebook>("POST", "/api/lorebooks", { name }),
  bringLorebook: (file: File) => upload<LorebookImport["files"][number]>("/api/lorebooks/import", file),
  lorebook: (id: string) => request<LorebookDetails>("GET", lorebookPath(id)),
  saveLorebook: (id: string, saved: LorebookSave) => request<Lorebook>("PUT", lorebookPath(id), saved, UPLOAD_MS),
  changeLorebook: (id: string, change: LorebookChange) => request<Lorebook>("PATCH", lorebookPath(id), change),
  attachLorebook: (id: string, attach: LorebookAttach) => request<Lorebook>("PUT", `${lorebookPath(id)}/uses`, attach),
  tryLore: (trial: LoreTrial) => request<LoreTrialResult>("POST", "/api/lore/trial", trial, UPLOAD_MS),
  conversations: () => request<Conversation[]>("GET", "/api/conversations"),
  begin: (conversation: NewConversation) => request<ConversationMade>("POST", "/api/conversations", conversation),
  rename: (id: string, title: NewTitle) => request<unknown>("PATCH", conversationPath(id), title),
  changeGroup: (id: string, wish: GroupWish) => request<unknown>("PUT", `${conversationPath(id)}/group`, wish),
  boxes: () => request<BoxList>("GET", "/api/boxes"),
  offerBox: (offer: NewOffer) => request<BoxOffer>("POST", "/api/boxes/offer", offer),
  withdrawOffer: () => request<unknown>("DELETE", "/api/boxes/offer"),
  renameBox: (id: string, name: BoxName) => request<unknown>("PATCH", boxPath(id), name),
  revokeBox: (id: string) => request<unknown>("DELETE", boxPath(id)),
  people: () => request<AccountFacts[]>("GET", "/api/accounts"),
  addPerson: (account: NewAccount) => request<AccountMade>("POST", "/api/accounts", account),
  setRole: (id: string, role: NewRole) => request<AccountFacts[]>("PUT", `/api/accounts/${encodeURIComponent(id)}/role`, role),
  queue: () => request<QueueView>("GET", "/api/queue"),
  moveReply: (id: string, move: QueueMove) => request<QueueView>("POST", queuePath(id), move),
  endReply: (id: string) => request<QueueView>("DELETE", queuePath(id)),
  drainBox: (id: string, drain: BoxDrain) => request<QueueView>("PUT", `/api/queue/boxes/${encodeURIComponent(id)}`, drain),
  setShare: (id: string, share: UserShare) => request<QueueView>("PUT", `/api/queue/users/${encodeURIComponent(id)}`, share),
  trace: (id: string, message: string) =>
    request<MessageTrace>("GET", `${conversationPath(id)}/messages/${encodeURIComponent(message)}/trace`),
  nextPrompt: (id: string, next: NextPrompt) => request<PromptPreview>("POST", `${conversationPath(id)}/prompt`, next),
  personas: () => request<Persona[]>("GET", "/api/personas"),
  newPersona: (persona: NewPersona) => request<Persona>("POST", "/api/personas", persona),
  changePersona: (id: string, change: PersonaChange) => request<unknown>("PATCH", personaPath(id), change),
  setPicture: (id: string, file: File) =>
    answerTo<Persona>(`${personaPath(id)}/picture`, {
      method: "PUT",
      credentials: "same-origin",
      signal: AbortSignal.timeout(UPLOAD_MS),
      body: file,
      headers: { "Content-Type": "application/octet-stream" },
    }),
  dropPicture: (id: string) => request<unknown>("DELETE", `${personaPath(id)}/picture`),
  choices: (conversation: string) => request<ConversationChoices>("GET", `${conversationPath(conversation)}/choices`),
  choose: (conversation: string, choices: Choices) =>
    request<unknown>("PUT", `${conversationPath(conversation)}/choices`, choices),
  characterChoices: (id: string) => request<CharacterChoices>("GET", `/api/characters/${encodeURIComponent(id)}/choices`),
  chooseForCharacter: (id: string, choices: Choices) =>
    request<unknown>("PUT", `/api/characters/${encodeURIComponent(id)}/choices`, choices),
  chooseEverywhere: (choices: Choices) => request<unknown>("PUT", "/api/choices", choices),
  presets: () => request<Presets>("GET", "/api/presets"),
  newPreset: (preset: NewPreset) => request<Preset>("POST", "/api/presets", preset),
  importPreset: (file: PresetFile) => request<PresetRead>("POST", "/api/presets/import", file),
  changePreset: (id: string, change: PresetChange) =>
    request<unknown>("PATCH", `/api/presets/${encodeURIComponent(id)}`, change),
  wantSummaries: (id: string, wanted: SummariesWanted) => request<unknown>("PUT", summariesPath(id), wanted),
  summarise: (id: string) => request<unknown>("POST", summariesPath(id)),
  saveSummary: (id: string, upto: string, text: SummaryText) => request<unknown>("PUT", summariesPath(id, upto), text),
  rewriteSummary: (id: string, upto: string) => request<unknown>("POST", summariesPath(id, upto)),
  removeSummary: (id: string, upto: string) => request<unknown>("DELETE", summariesPath(id, upto)),
  map: (id: string) => request<ConversationMap>("GET", `${conversationPath(id)}/map`),
  remove: (id: string) => request<unknown>("DELETE", conversationPath(id)),
  removedConversations: () => request<Conversation[]>("GET", "/api/conversations?removed=1"),
  restore: (id: string) => request<unknown>("POST", `${conversationPath(id)}/restore`),
  file: (id: string, filing: Partial<ConversationFiling>) => request<unknown>("PUT", `${conversationPath(id)}/filing`, filing),
  bringChat,
  beginMove: (listed: FolderList) => request<Move>("POST", "/api/moves", listed, UPLOAD_MS),
  movePiece,
  moveUnread: (id: string, number: number) => request<MoveStep>("DELETE", `${movePath(id)}/files/${number}`),
  endMove: (id: string) => request<MoveReport>("POST", `${movePath(id)}/end`, undefined, MOVE_MS),
  folders: () => request<Folder[]>("GET", "/api/folders"),
  newFolder: (folder: NewFolder) => request<Folder>("POST", "/api/folders", folder),
  changeFolder: (id: string, change: Partial<FolderChange>) => request<unknown>("PATCH", folderPath(id), change),
  dropFolder: (id: string) => request<unknown>("DELETE", folderPath(id)),
  search: (text: string, conversation = "") =>
    request<SearchResult>(
      "GET",
      `/api/search?text=${encodeURIComponent(text)}${conversation === "" ? "" : `&conversation=${encodeURIComponent(conversation)}`}`,
    ),
};
