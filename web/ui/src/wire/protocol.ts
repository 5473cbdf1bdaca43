// Made from web/protocol/ by `python -m web.typescript`. Do not edit: change a file there and run it again.

export const PROTOCOL_VERSION = 1;

export type Author = "" | "model" | "person";

export type ConstraintKind = "" | "gbnf" | "json_schema" | "lark" | "regex";

export type GenerationKind = "continue" | "impersonate" | "reply";

export type GenerationState = "cancelled" | "done" | "failed" | "leased" | "queued" | "streaming" | "suspended";

export type ProblemCode = "bad_request" | "busy" | "forbidden" | "not_found" | "queue_full" | "storage" | "too_long" | "too_many";

export type Removal = "" | "alone" | "branch";

export type Role = "assistant" | "system" | "user";

export type Scope = "character" | "conversation" | "persona" | "user";

export type TurnTaking = "hand" | "mention" | "order" | "talkativeness";

export type ClientFrame =
  | Greeting
  | Open
  | Older
  | Close
  | SendText
  | Regenerate
  | Edit
  | Continue
  | Speak
  | Impersonate
  | Select
  | Stop
  | RemoveMessage
  | RestoreMessage
  | Bookmark
  | Purge;

export type ServerFrame =
  | Welcome
  | Farewell
  | NodeState
  | ConversationsChanged
  | RoleChanged
  | Snapshot
  | SummariesChanged
  | ContextChanged
  | TitleChanged
  | OlderMessages
  | MessageAdded
  | MessageChanged
  | ReplyState
  | ReplyText
  | ReplyFinished
  | Problem
  | ConversationGone;

/** The client's first frame. */
export interface Greeting {
  type: "greeting";
  version: number;
}

/**
 * Read along. Answered by Snapshot; where `generation` is the live one, the snapshot's live text
 * begins at `seq` (what the reader lacks), else at 0. `utc_offset_min` is the reader's clock: minutes
 * that it is ahead of UTC.
 */
export interface Open {
  type: "open";
  conversation: string;
  generation?: string | null;
  seq?: number;
  utc_offset_min?: number;
}

/**
 * Answered by OlderMessages: those before `before`, `count` of them where the server allows so many;
 * 0: as many as it thinks right.
 */
export interface Older {
  type: "older";
  conversation: string;
  before: string;
  count?: number;
}

export interface Close {
  type: "close";
  conversation: string;
}

/**
 * A new message below `parent` (None: below the head), and the reply to it: `speaker`'s, or of whom the
 * group's turns choose, which may be nobody.
 */
export interface SendText {
  type: "send";
  conversation: string;
  request_key: string;
  text: string;
  parent?: string | null;
  sampling?: Sampling | null;
  seed?: number | null;
  speaker?: string | null;
}

/**
 * Another reply beside `message` (a swipe), by the same member of a group or by `speaker`. `hint`: what
 * is asked of this reply alone.
 */
export interface Regenerate {
  type: "regenerate";
  conversation: string;
  request_key: string;
  message: string;
  speaker?: string | null;
  hint?: string;
}

/**
 * A new version of `message` beside the old one (a branch); a user's is answered anew. `in_place`: the
 * message itself says `text` from now on, what follows it stays, and nothing is answered.
 */
export interface Edit {
  type: "edit";
  conversation: string;
  request_key: string;
  message: string;
  text: string;
  in_place?: boolean;
}

/** A longer version of the reply `message`, beside it. */
export interface Continue {
  type: "continue";
  conversation: string;
  request_key: string;
  message: string;
}

/**
 * A reply below `parent` (None: below the head) without a person's message: `speaker`'s, or of whoever
 * is next.
 */
export interface Speak {
  type: "speak";
  conversation: string;
  request_key: string;
  speaker?: string | null;
  parent?: string | null;
}

/** The model writes what the user might say next, going on from `text`. It becomes no message. */
export interface Impersonate {
  type: "impersonate";
  conversation: string;
  request_key: string;
  text?: string;
  hint?: string;
}

/**
 * Show the branch through `message`, down to its newest leaf. `keep`: where `message` is on the shown
 * path, nothing changes.
 */
export interface Select {
  type: "select";
  conversation: string;
  message: string;
  keep?: boolean;
}

/** End the live reply; what is committed of it stays. */
export interface Stop {
  type: "stop";
  conversation: string;
  generation: string;
}

/** Take the message out of the conversation, with all that is below it or alone. Nothing is lost. */
export interface RemoveMessage {
  type: "remove";
  conversation: string;
  message: string;
  branch: boolean;
}

/** Bring back what was removed, and show `head` where that can be shown then; else the message. */
export interface RestoreMessage {
  type: "restore";
  conversation: string;
  message: string;
  head?: string | null;
}

/** The message has a bookmark of this name from now on; "": none. */
export interface Bookmark {
  type: "bookmark";
  conversation: string;
  message: string;
  name: string;
}

/** What was removed is gone for good. */
export interface Purge {
  type: "purge";
  conversation: string;
}

/** The server serves this client. `boot` changes when the web process starts anew. */
export interface Welcome {
  type: "welcome";
  version: number;
  boot: string;
  user: string;
  user_name: string;
  role: string;
}

/** The server closes the socket; `again` says whether dialling again can help. */
export interface Farewell {
  type: "farewell";
  code: "going_down" | "login" | "too_many" | "version";
  text: string;
  again: boolean;
}

/**
 * Workers and queue: sent after Welcome and at each change. No worker in state "ready": the GPU
 * is away.
 */
export interface NodeState {
  type: "node_state";
  workers: WorkerFacts[];
  waiting: number;
  running: number;
}

/** The user's list of conversations is another: fetch it again. */
export interface ConversationsChanged {
  type: "conversations_changed";
}

/** The owner gave the user another role: what they may do is another from now on. */
export interface RoleChanged {
  type: "role_changed";
  role: string;
}

/**
 * The conversation as it stands: replaces all that the reader had, but the text of the live reply
 * before `live.seq`, and older messages: `before` of them stand before the first one of `messages`. A reader
 * that has them, down to that one's parent, keeps them; `older_changed`: they may be others now.
 */
export interface Snapshot {
  type: "snapshot";
  conversation: string;
  title: string;
  character_version: string;
  head: string;
  /** the end of the path from the first message to the head */
  messages: ShownMessage[];
  live: LiveReply | null;
  group: Group | null;
  /** who the user is from now on */
  user_name: string;
  /** … by a persona of theirs */
  persona: string | null;
  before: number;
  older_changed: boolean;
  suggestion: Suggestion | null;
  summaries: ShownSummaries;
  context: ShownContext | null;
}

/** The summaries of the shown path are others, or one is being written. */
export interface SummariesChanged {
  type: "summaries";
  conversation: string;
  summaries: ShownSummaries;
}

/** The model's context is fuller than before, or less so. */
export interface ContextChanged {
  type: "context";
  conversation: string;
  context: ShownContext;
}

/** The model gave the conversation a title. */
export interface TitleChanged {
  type: "title";
  conversation: string;
  title: string;
}

/** The messages before `until`, oldest first; `before` of them stand before the first one. */
export interface OlderMessages {
  type: "older_messages";
  conversation: string;
  until: string;
  before: number;
  messages: ShownMessage[];
}

/**
 * A message was put at the end of the shown path, whose end was `message.parent`; a reader whose
 * path ends otherwise opens the conversation again.
 */
export interface MessageAdded {
  type: "message_added";
  conversation: string;
  message: ShownMessage;
  request_key: string | null;
}

/** A message has another text or another name, wherever it stands. */
export interface MessageChanged {
  type: "message_changed";
  conversation: string;
  message: ShownMessage;
  request_key: string | null;
}

/** The live reply changed its state or its place; the first one announces it. */
export interface ReplyState {
  type: "reply_state";
  conversation: string;
  /** with text "" and seq = next_seq */
  live: LiveReply;
  /** of the prefill, 0..1; -1 = not known */
  progress: number;
}

/**
 * Text and thoughts of the tokens seq ≤ i < next_seq: durable already. One that does not begin where
 * the reader stands is a repetition (drop it) or a gap (open again).
 */
export interface ReplyText {
  type: "reply_text";
  conversation: string;
  generation: string;
  seq: number;
  next_seq: number;
  text: string;
  thoughts: string;
}

/**
 * The live reply is over. `message` is the whole of it; None where nothing came of it. Where the queue
 * refused it, `limit` says how many are allowed, and `again_ms` when to ask again, UTC; 0 = not known.
 * `why` is one line for people, in English; `cause` and `facts` say which one it is, as far as that is known
 * (reply_causes.py).
 */
export interface ReplyFinished {
  type: "reply_finished";
  conversation: string;
  generation: string;
  reason: string;
  message: ShownMessage | null;
  why: string;
  limit: number;
  again_ms: number;
  /** of an impersonation, which makes no message */
  suggestion: Suggestion | null;
  cause: string;
  facts: string[];
}

/** A command was refused; `code` for programs, `text` for people. */
export interface Problem {
  type: "problem";
  code: ProblemCode;
  text: string;
  conversation: string | null;
  request_key: string | null;
}

export interface ConversationGone {
  type: "conversation_gone";
  conversation: string;
}

export interface ConversationMap {
  nodes: MapNode[];
  /** on all branches, without what was removed */
  messages: number;
  removed: number;
}

/** GET /api/me. `user_name` is "" when nobody is logged in. */
export interface Me {
  version: string;
  /** no owner yet: show the first visit */
  setup_needed: boolean;
  /** … which asks for the one-time code that the node printed */
  code_needed: boolean;
  user: string | null;
  user_name: string;
  role: string;
}

/** POST /api/setup → Me, and the login cookie. */
export interface FirstVisit {
  name: string;
  password: string;
  code?: string;
}

/** POST /api/login → Me, and the cookie. POST /api/logout has no body. */
export interface Login {
  name: string;
  password: string;
}

/** POST /api/control, from loopback only → Me, and the cookie of the built-in local user. */
export interface ControlToken {
  token: string;
}

/** GET /api/accounts, for owners: the people of this node, oldest first. */
export interface AccountFacts {
  id: string;
  name: string;
  /** owner, admin or user */
  role: string;
}

/** POST /api/accounts → AccountMade. */
export interface NewAccount {
  name: string;
}

/** `password` was made by the server and is told this once. */
export interface AccountMade {
  account: AccountFacts;
  password: string;
}

/** PUT /api/accounts/<id>/role → the accounts. What each role may do: web/rights.py. */
export interface NewRole {
  role: "admin" | "user";
}

/** A GPU box on the list. Times are milliseconds since 1970, 0 where there is none. */
export interface BoxFacts {
  id: string;
  name: string;
  /** of this machine itself: it needs no pairing and cannot be revoked */
  own: boolean;
  /** the box showed the same one when it joined */
  fingerprint: string;
  paired_ms: number;
  seen_ms: number;
  software: string;
  revoked_ms: number;
}

/** A join string that holds; `joined` is the box that used it. */
export interface OfferState {
  left_s: number;
  joined: BoxFacts | null;
}

/** The server's key is being changed: as soon as these boxes keep the next one. */
export interface KeyChangeState {
  since_ms: number;
  waits_for: string[];
}

/** GET /api/boxes, for the owner. `listens`: the address of the link. */
export interface BoxList {
  boxes: BoxFacts[];
  offer: OfferState | null;
  listens: string;
  /** no other machine can reach it */
  loopback: boolean;
  key_change: KeyChangeState | null;
}

/** POST /api/boxes/offer → BoxOffer; an older one is over. DELETE on the same path has no body. */
export interface NewOffer {
  /** HOST or HOST:PORT of this node as the box sees it; "": found out */
  address?: string;
}

/** Whoever has `join` may add a GPU box within the time: it is a secret. */
export interface BoxOffer {
  join: string;
  /** its QR code, row by row; "1" is dark */
  qr: string[];
  addresses: string[];
  /** it holds for so long */
  expires_s: number;
  server_key: string;
}

/** PATCH /api/boxes/<id>; DELETE on the same path revokes the box and has no body. */
export interface BoxName {
  name: string;
}

/** GET /api/characters → list. `portrait` is a path on this server, or "". */
export interface Character {
  id: string;
  version: string;
  name: string;
  tagline: string;
  description: string;
  tags: string[];
  portrait: string;
  greeting: string;
  /** the portrait, small */
  thumb: string;
  mine: boolean;
  /** all users of the server see it */
  shared: boolean;
  favourite: boolean;
  created_ms: number;
  /** of one that comes with Samovar; "" for all others */
  language: string;
}

/**
 * GET /api/characters/versions/<version>?utc_offset_min=<minutes>: the clock of greetings that tell the
 * time. `greetings` in the order of NewConversation, as a conversation could begin, but for {{user}}.
 * `creator_notes`: what the author says to people, Markdown of a stranger; `creator_notes_multilingual`: to
 * those of one language, in place of it.
 */
export interface CharacterDetails {
  character: Character;
  greetings: string[];
  creator: string;
  creator_notes: string;
  character_version: string;
  lore_entries: number;
  creator_notes_multilingual: LanguageNote[];
  /** what {{char}} says in place of the name */
  nickname: string;
  /** the card's, in place of the user's own */
  system_prompt: string;
  /** likewise */
  post_history_instructions: string;
}

/** PATCH /api/characters/<id>; what is null stays. Sharing and removing are the owner's. */
export interface CharacterChange {
  shared?: boolean | null;
  favourite?: boolean | null;
  removed?: boolean | null;
}

/** A version in the history of a character. `conversations`: how many of one's own use it. */
export interface CharacterVersion {
  version: string;
  created_ms: number;
  name: string;
  thumb: string;
  conversations: number;
  current: boolean;
}

/**
 * PUT /api/characters/<id>/current: `version` is the current one from now on. `base` is the one that the
 * client takes for it; where it is another by now, the answer is 409 `conflict`.
 */
export interface ChosenVersion {
  version: string;
  base: string;
}

/**
 * An asset of a card; its place in the list is what AssetEdit calls `at`. `where`: default (the picture
 * of the card), embedded, missing, inline or remote, which is never fetched. `size` of its file in bytes.
 * `thumb`: a small WebP in base64, "" where it is no picture.
 */
export interface CardAsset {
  type: string;
  name: string;
  ext: string;
  where: string;
  size: number;
  thumb: string;
}

/**
 * GET /api/characters/versions/<version>/card: all that its author wrote. `book`: the lorebook as JSON,
 * "" where there is none. `other`: what no form shows, which every save keeps. `current`: the version that
 * the character has now.
 */
export interface EditableCard {
  character: Character;
  current: string;
  texts: CardTexts;
  book: string;
  assets: CardAsset[];
  other: OtherData[];
}

/**
 * POST /api/characters: a new character, a copy of the version `base` where there is one. POST
 * /api/characters/<id>/versions: a further version, made from `base`, which must be the current one, else
 * 409 `conflict`; unless the author knows that one, and names it as `over`. Both → SavedCard. What is null
 * stays. `portrait` and those of `assets`: ids of BroughtPicture. `name`: in place of the card's.
 */
export interface CardSave {
  texts?: CardTexts | null;
  book?: string | null;
  assets?: AssetEdit[] | null;
  portrait?: string;
  base?: string | null;
  name?: string;
  over?: string | null;
}

/** Not `changed`: `base` says the same, and is what `version` is. */
export interface SavedCard {
  character: string;
  version: string;
  changed: boolean;
}

/**
 * POST /api/characters/pictures, the picture as it is. It is drawn anew, and kept for some days, so that
 * a CardSave can name it. `thumb`: a small WebP in base64.
 */
export interface BroughtPicture {
  id: string;
  thumb: string;
  width: number;
  height: number;
}

/** What became of a file. "known": the same card was there already. */
export interface ImportedFile {
  name: string;
  status: "imported" | "known" | "refused";
  why: string;
  warnings: Remark[];
  character: string | null;
  version: string | null;
  character_name: string;
  /** of a refusal, for programs, which may have words of their own for it … */
  code: string;
  /** … and for what it is about: numbers and names, as the code has them */
  facts: string[];
}

/** POST /api/characters/import: the files as multipart/form-data in the field `file`, or one as it is. */
export interface ImportReport {
  files: ImportedFile[];
}

/**
 * GET /api/personas → list: who the user can be. `portrait` and `thumb` are paths on this server, or "".
 * `standard`: where nothing nearer is chosen.
 */
export interface Persona {
  id: string;
  name: string;
  description: string;
  portrait: string;
  thumb: string;
  standard: boolean;
}

/** POST /api/personas → Persona. Its picture: PUT /api/personas/<id>/picture, the file as it is. */
export interface NewPersona {
  name: string;
  description?: string;
}

/** PATCH /api/personas/<id>; what is null stays. */
export interface PersonaChange {
  name?: string | null;
  description?: string | null;
  removed?: boolean | null;
  standard?: boolean | null;
}

/**
 * GET /api/conversations/<id>/choices: those of the three levels, the nearest first, and what the card
 * brings of its own. PUT on the same path takes Choices, as do /api/characters/<id>/choices and
 * /api/choices.
 */
export interface ConversationChoices {
  conversation: Choices;
  character: Choices;
  everywhere: Choices;
  /** null: the user sees it no more */
  character_id: string | null;
  character_name: string;
  /** the user's, without a persona */
  own_name: string;
  card_system_prompt: string;
  card_post_history: string;
}

/** GET /api/characters/<id>/choices */
export interface CharacterChoices {
  character: Choices;
  everywhere: Choices;
}

/**
 * Settings of replies with a name, all of them. `id` is what ReplySettings name it by; not `own`: it
 * comes with Samovar.
 */
export interface Preset {
  id: string;
  name: string;
  settings: ReplySettings;
  own: boolean;
}

/** GET /api/presets. `usual`: how replies are made where nothing is chosen. */
export interface Presets {
  usual: ReplySettings;
  presets: Preset[];
}

/** POST /api/presets → Preset */
export interface NewPreset {
  name: string;
  settings: ReplySettings;
}

/** PATCH /api/presets/<id>; what is null stays. */
export interface PresetChange {
  name?: string | null;
  settings?: ReplySettings | null;
  removed?: boolean | null;
}

/** POST /api/presets/import: a sampler preset of SillyTavern → PresetRead */
export interface PresetFile {
  name: string;
  /** the file's text */
  data: string;
}

/** `left_out`: what the file says and Samovar has no counterpart of, by the file's names. */
export interface PresetRead {
  preset: Preset;
  left_out: string[];
}

/** PUT /api/conversations/<id>/version: another version of the same character from now on. */
export interface ConversationVersion {
  character_version: string;
}

/** A member of a group. `portrait` is a path on this server, or "". `left`: it speaks no more. */
export interface Face {
  version: string;
  name: string;
  portrait: string;
  left: boolean;
}

/** GET /api/conversations → list, last used first. */
export interface Conversation {
  id: string;
  title: string;
  character_name: string;
  portrait: string;
  updated_ms: number;
  last_line: string;
  live: boolean;
  /** of a group */
  members: Face[];
  character: string | null;
  character_version: string | null;
  created_ms: number;
  folder: string | null;
  /** 0: it is not, as the next two */
  pinned_ms: number;
  archived_ms: number;
  removed_ms: number;
  tags: string[];
}

/** PUT /api/conversations/<id>/filing; what is null stays. `loose` takes it out of its folder. */
export interface ConversationFiling {
  pinned?: boolean | null;
  archived?: boolean | null;
  folder?: string | null;
  loose?: boolean;
  tags?: string[] | null;
}

/** GET /api/folders → list, in their order. */
export interface Folder {
  id: string;
  name: string;
}

/** POST /api/folders → 201 Folder. */
export interface NewFolder {
  name: string;
}

/** PATCH /api/folders/<id>; what is null stays. DELETE on the same path keeps its conversations. */
export interface FolderChange {
  name?: string | null;
  /** among the folders, 0-based */
  position?: number | null;
}

/**
 * A passage of a message, in pieces: every other one, from the second on, is what was looked for.
 * `speaker` is the name of the character, or of the persona; "" for whom the conversation began with.
 */
export interface FoundMessage {
  message: string;
  role: Role;
  created_ms: number;
  pieces: string[];
  speaker: string;
}

/** `title` in pieces, too. `count` messages were found, of which `matches` are the newest. */
export interface FoundConversation {
  id: string;
  title: string[];
  character_name: string;
  portrait: string;
  updated_ms: number;
  archived: boolean;
  count: number;
  matches: FoundMessage[];
}

/**
 * Something that is no message; `title` and a passage of it in pieces. `id`: of the persona, the folder,
 * the lorebook (of an entry too), the character; the message that a summary goes up to; the conversation
 * that has the tag; what a note or instructions are for (a conversation, a character, or the user).
 * `conversation`: in which it is shown. `place`: of an entry in its book, 0-based. `beside`: the name of
 * what it belongs to.
 */
export interface FoundThing {
  kind: "character" | "entry" | "folder" | "instructions" | "lorebook" | "note" | "persona" | "summary" | "tag";
  id: string;
  title: string[];
  pieces: string[];
  conversation: string | null;
  place: number;
  beside: string;
  portrait: string;
}

/** So many were found of a kind of which not all are shown. */
export interface KindCount {
  kind: "character" | "entry" | "folder" | "instructions" | "lorebook" | "note" | "persona" | "summary" | "tag";
  count: number;
}

/**
 * GET /api/search?text=…, and &conversation=<id> for more of one. `more`: there are more messages than
 * are counted; `waiting`: so many of the user's texts are not in the index yet.
 */
export interface SearchResult {
  conversations: FoundConversation[];
  messages: number;
  more: boolean;
  waiting: number;
  things: FoundThing[];
  counts: KindCount[];
}

/**
 * What became of a file. "character": it names none that the user has, so one has to be chosen. `code`
 * and `facts` are those of a refusal.
 */
export interface ImportedChat {
  name: string;
  status: "character" | "imported" | "refused";
  why: string;
  warnings: Remark[];
  conversation: string | null;
  title: string;
  character_name: string;
  /** on the shown path */
  messages: number;
  /** all of them, with those beside it */
  versions: number;
  code: string;
  facts: string[];
}

/** POST /api/conversations/import: one file as it is; ?character=<version> says who answers in it. */
export interface ChatImport {
  files: ImportedChat[];
}

/**
 * POST /api/conversations → ConversationMade. The character is a member of the group, where there is one.
 * PUT /api/conversations/<id>/group takes a GroupWish. `utc_offset_min`, for greetings that tell the time:
 * minutes that the reader's clock is ahead of UTC.
 */
export interface NewConversation {
  character_version: string;
  /** which of its greetings is shown first */
  greeting?: number;
  group?: GroupWish | null;
  /** the members greet one after another */
  all_greet?: boolean;
  /** who the user is; null: as usual with this character */
  persona?: string | null;
  utc_offset_min?: number;
}

export interface ConversationMade {
  id: string;
}

/** PATCH /api/conversations/<id>; DELETE on the same path has no body. */
export interface NewTitle {
  title: string;
}

/** PUT /api/conversations/<id>/summaries. POST there, without a body: write the next one now. */
export interface SummariesWanted {
  wanted: boolean;
}

/**
 * PUT /api/conversations/<id>/summaries/<message>: what happened up to that message, in a person's words.
 * POST on the same path has it written anew, DELETE takes it away; both have no body.
 */
export interface SummaryText {
  text: string;
}

/** What a lorebook is attached to; `target` is null for everything of the user. */
export interface LorebookUse {
  scope: Scope;
  target: string | null;
}

/** GET /api/lorebooks → list, by name. `size`: bytes of its text. */
export interface Lorebook {
  id: string;
  version: string;
  name: string;
  entries: number;
  size: number;
  created_ms: number;
  changed_ms: number;
  uses: LorebookUse[];
}

/** POST /api/lorebooks → Lorebook, an empty one. */
export interface NewLorebook {
  name: string;
}

/** GET /api/lorebooks/<id>. `book`: the object of a V3 lorebook, whatever format the file has. */
export interface LorebookDetails {
  lorebook: Lorebook;
  book: unknown;
}

/**
 * PUT /api/lorebooks/<id> → Lorebook. `version`: the one that was opened; refused with "changed" where
 * there is a newer one.
 */
export interface LorebookSave {
  version: string;
  book: unknown;
}

/** PATCH /api/lorebooks/<id> → Lorebook; what is null stays. A removed one comes back with false. */
export interface LorebookChange {
  name?: string | null;
  removed?: boolean | null;
}

/** PUT /api/lorebooks/<id>/uses → Lorebook. */
export interface LorebookAttach {
  scope: Scope;
  target: string | null;
  attached: boolean;
}

/** What became of a file. "known": the same book was there already. */
export interface ImportedLorebook {
  name: string;
  status: "imported" | "known" | "refused";
  why: string;
  warnings: Remark[];
  book: string | null;
  book_name: string;
  entries: number;
  /** of a refusal, and its facts */
  code: string;
  facts: string[];
}

/** POST /api/lorebooks/import: files as in POST /api/characters/import; a card gives its lorebook. */
export interface LorebookImport {
  files: ImportedLorebook[];
}

/** A message, for a trial of lore. */
export interface TrialLine {
  role: Role;
  text: string;
}

/**
 * POST /api/lore/trial → LoreTrialResult: what of `book` would fire. On the `lines`, with that version of
 * a character beside them; or in a conversation as it stands, where all books that count there are looked
 * at. `of_card`: the book stands for the card's own; else for `lorebook`. Another `seed` draws anew where
 * chance decides.
 */
export interface LoreTrial {
  book: unknown;
  lines?: TrialLine[];
  character?: string | null;
  conversation?: string | null;
  lorebook?: string | null;
  of_card?: boolean;
  seed?: number;
}

/** A book in a trial: the one that is edited, the card's own, or another of the user's. */
export interface TrialBook {
  name: string;
  lorebook: string | null;
  of_card: boolean;
  edited: boolean;
}

/**
 * `entries`: what fired in the order of the prompt, what was left out again, what stayed silent. Tokens
 * are estimated.
 */
export interface LoreTrialResult {
  books: TrialBook[];
  entries: TriedEntry[];
  troubles: KeyTrouble[];
  lines: TrialLine[];
  tokens: number;
  budget: number;
}

/** A file of a folder: its path there, and its size in bytes. */
export type ListedFile = [
  path: string,
  size: number,
];

/**
 * POST /api/moves → 201 Move: all files of a data folder of SillyTavern, none of which is sent yet.
 * `user`: the name of the account that it is for; "": one's own, or from the terminal the owner's.
 */
export interface FolderList {
  files: ListedFile[];
  user?: string;
}

/**
 * What became of a thing in the folder. "known": it was there already, so nothing was added; "left_out":
 * Samovar has no counterpart of it. `files`: so many are meant, where it is a folder. Of a chat: `messages`
 * on the shown path, and `versions`, all of them with their swipes; `entries` of lore. `id` is the
 * conversation, the character, the lorebook, the persona or the preset.
 */
export interface MovedItem {
  kind: "avatar" | "character" | "chat" | "group" | "group_chat" | "instructions" | "lorebook" | "other" | "persona" | "preset" | "settings";
  name: string;
  status: "imported" | "known" | "left_out" | "refused";
  remarks: Remark[];
  id: string | null;
  title: string;
  messages: number;
  versions: number;
  entries: number;
  files: number;
}

/**
 * A folder that comes in. `files`: the places in FolderList.files of those that are wanted, in the order
 * in which they are sent, each in pieces of `piece_bytes` at most. `items`: what is said of the others.
 */
export interface Move {
  id: string;
  folder: string;
  files: number[];
  piece_bytes: number;
  items: MovedItem[];
}

/**
 * PUT /api/moves/<id>/files/<place>?at=<byte>, a piece of the file as it is. `items`: what became of the
 * file, once all of it is there. DELETE on the same path, without `at`: it cannot be read.
 */
export interface MoveStep {
  items: MovedItem[];
}

/**
 * How much of a kind there was, and what became of it: the four sum up to `found`. What was imported or
 * known has so many `messages`, `versions` and `entries`.
 */
export interface MovedKind {
  kind: string;
  found: number;
  imported: number;
  known: number;
  refused: number;
  left_out: number;
  messages: number;
  versions: number;
  entries: number;
}

/** POST /api/moves/<id>/end, without a body: what was not sent until then does not come in. */
export interface MoveReport {
  kinds: MovedKind[];
  items: MovedItem[];
}

/**
 * A part of a prompt, or what was left out of it. `kind` is one of gpu_actor/prompt/pieces.py, "more" or
 * "other"; `source` and `why` are English. Of lore: its `entry`, the `key` it fired on, "" where it needed
 * none, and what was `said` there. `excerpt` is how its text begins. `count`: so many parts are added up.
 * `reason` is `why` for programs, `role` who said a message.
 */
export interface PromptPart {
  kind: string;
  source: string;
  tokens: number;
  kept: boolean;
  why: string;
  entry: string;
  key: string;
  said: string;
  excerpt: string;
  count: number;
  reason: string;
  role: string;
}

/** A message as a model's template is given it. */
export interface PromptMessage {
  role: Role;
  text: string;
}

/**
 * The answer to both requests for a prompt. `exact`: a GPU box has built it, with its own tokenizer. If
 * not, `tokens` and `parts` are an estimate, there is no text, and `why` says why: no_box, busy (too many
 * previews), large (character and lorebooks are), late (the box did not answer in time) or failed.
 * `trouble`: why the box cannot build it, for people. Parts come in the order of the prompt, those that were
 * left out behind them.
 */
export interface PromptPreview {
  exact: boolean;
  tokens: number;
  parts: PromptPart[];
  why: string;
  trouble: string;
  model: string;
  engine: string;
  /** tokens of prompt and reply together */
  context: number;
  /** … of the prompt */
  budget: number;
  messages: PromptMessage[];
  text: string;
  /** that it was put in, "" for the model's own */
  format: string;
}

/**
 * POST /api/prompts/preview → PromptPreview. The character is a card that is being written (`card`, its
 * JSON as text, of any version) or one that is there (`character_version`, which with a card says of whom it
 * is a further version). The user's lorebooks, persona and choices count as in a new conversation. `history`
 * is the talk; where it is empty, the greeting of that number.
 */
export interface PromptWish {
  card?: string;
  character_version?: string | null;
  user_name?: string;
  persona?: string;
  history?: PromptMessage[];
  greeting?: number;
}

/** POST /api/conversations/<id>/prompt → PromptPreview, were `text` sent now; "": were nothing sent. */
export interface NextPrompt {
  text?: string;
}

/** POST /api/prompts/counts → TokenCounts */
export interface TextsToCount {
  texts: string[];
}

/** In the order of the texts. `exact` and `why` as in PromptPreview. */
export interface TokenCounts {
  counts: number[];
  exact: boolean;
  why: string;
  model: string;
  context: number;
}

/** `name` as in Sampling. */
export interface SamplerSetting {
  name: string;
  value: string;
}

/**
 * GET /api/conversations/<id>/messages/<id>/trace: how a reply came about. `tokens` are those of the
 * reply, `speed` how many came in a second, 0 where that is not known; `reading_s` is from the prompt to the
 * first word. `reused` tokens of the prompt lay in the conversation's cache, `cloned` ones in another's.
 * `attempts`: how often a computer was asked.
 */
export interface MessageTrace {
  parts: PromptPart[];
  prompt_tokens: number;
  reused: number;
  cloned: number;
  context: number;
  budget: number;
  model: string;
  engine: string;
  /** that the prompt was put in, "" for the model's own */
  format: string;
  sampling: SamplerSetting[];
  tokens: number;
  speed: number;
  reading_s: number;
  attempts: number;
}

/**
 * A reply in the queue: whose it is, and nothing of what it is about. `place` is 0 while it is being
 * written, by `box`; else 1 = next, and `wait_s` an estimate in seconds, -1 = not known. `since_s` is how
 * long it has waited, or been written.
 */
export interface QueueEntry {
  id: string;
  user_name: string;
  place: number;
  since_s: number;
  wait_s: number;
  box: string;
}

/**
 * An account, and its share: who has 2 gets twice the tokens of who has 1, while both have replies
 * waiting.
 */
export interface QueueUser {
  id: string;
  name: string;
  share: number;
}

/** A GPU box. `state` as in NodeState, "away" where it is not linked. A drained one gets nothing new. */
export interface QueueBox {
  id: string;
  name: string;
  state: string;
  busy: number;
  slots: number;
  drained: boolean;
}

/**
 * GET /api/queue, for owners and admins; the answer to all that changes it. DELETE /api/queue/<id> has no
 * body: it ends the reply, waiting or not.
 */
export interface QueueView {
  /** those being written, then those that wait, in their order */
  entries: QueueEntry[];
  /** empty for admins: shares are the owner's to give */
  users: QueueUser[];
  boxes: QueueBox[];
}

/** POST /api/queue/<id> → QueueView: before the one in front of it, or before all. */
export interface QueueMove {
  to: "first" | "up";
}

/** PUT /api/queue/boxes/<id or name> → QueueView. A drained box finishes what it has. */
export interface BoxDrain {
  drained: boolean;
}

/** PUT /api/queue/users/<id> → QueueView. */
export interface UserShare {
  share: number;
}

/**
 * Body of every answer with a status of 400 and above. `limit` is the number that the refusal is about;
 * 0 where there is none. Of a card: `cause` and `facts`, as ImportedFile has its code and facts.
 */
export interface Refusal {
  code: string;
  text: string;
  limit: number;
  cause: string;
  facts: string[];
}

/**
 * How tokens are drawn; what each does stands in gpu_actor/sampler/. Temperature 0 is greedy.
 *
 * Thoughts have `max_thought_tokens` beside the `max_tokens` of the reply; where they reach it they are
 * ended and the reply begins. 0: they are not ended, and count as part of the reply.
 *
 * Off are: top_k 0, top_p 1, min_p 0, typical_p 1, top_n_sigma 0, repetition_penalty 1, the other penalties
 * 0, a penalty_last_n of 0, dry_multiplier 0, xtc_probability 0, dynamic_range 0, constraint_kind "".
 */
export type Sampling = [
  temperature?: number,
  top_k?: number,
  top_p?: number,
  min_p?: number,
  repetition_penalty?: number,
  stop?: string[],
  max_tokens?: number,
  max_thought_tokens?: number,
  typical_p?: number,
  top_n_sigma?: number,
  presence_penalty?: number,
  frequency_penalty?: number,
  penalty_last_n?: number,
  dry_multiplier?: number,
  dry_base?: number,
  dry_allowed_length?: number,
  dry_last_n?: number,
  dry_breakers?: string[],
  xtc_probability?: number,
  xtc_threshold?: number,
  dynamic_range?: number,
  dynamic_exponent?: number,
  logit_bias?: [number, number][],
  min_tokens?: number,
  constraint_kind?: ConstraintKind,
  constraint?: string,
];

/**
 * A worker as people see it. `state`: ready, silent, starting (linked, no engine yet), draining (it gets
 * nothing new and finishes what it has), drained, refused (`why` says for what).
 */
export interface WorkerFacts {
  name: string;
  engine: string;
  model: string;
  slots: number;
  busy: number;
  state: string;
  context: number;
  demonstration: boolean;
  why: string;
}

/**
 * A message on the shown path. `siblings` are all versions at this place, oldest first, itself
 * included. `ended` says how a reply ended: stop, length, cancelled, failed; "" for a person's.
 * `thoughts` are what the model thought before it, and no part of `text`. `seam`: after so many characters
 * (code points) of `text` the reply was taken up again after an interruption, and could not go on exactly
 * as it would have; -1: nothing of the kind. `name`: who spoke, where that is not whom the conversation
 * began with. `speaker`: the version of the character that says it.
 */
export interface ShownMessage {
  id: string;
  parent: string;
  role: Role;
  text: string;
  created_ms: number;
  siblings: string[];
  ended: string;
  thoughts: string;
  seam: number;
  name: string;
  speaker: string | null;
  /** its name */
  bookmark: string;
  /** it was put in other words, in its place */
  revised: boolean;
}

/**
 * The reply being made. `text` and `thoughts` hold what follows the first `seq` tokens that the reader
 * has; `next_seq` is the place of the next ReplyText. `continues` is text that stands before it, and
 * `continues_thoughts` are thoughts that do, a blank line between them and its own. `seam` is that of a
 * message, counted in `continues` and all of the text together. `speaker` as of a message; `round_left`:
 * how many members may answer after it, if it is not stopped. One of the kind "impersonate" is no message of
 * the path: its text is for the box that the user writes in.
 */
export interface LiveReply {
  generation: string;
  message: string;
  parent: string;
  /** with `message` last */
  siblings: string[];
  state: GenerationState;
  seq: number;
  next_seq: number;
  text: string;
  continues: string;
  /** in the queue, 1 = next; 0 when not waiting */
  place: number;
  waiting: number;
  wait_s: number;
  thoughts: string;
  continues_thoughts: string;
  seam: number;
  speaker: string | null;
  round_left: number;
  kind: GenerationKind;
}

/**
 * `round`: how many members answer a person's message, one after another. `joined`: each is told what
 * all the others are like, and not their names alone.
 */
export interface Group {
  /** in the order of their turns */
  members: Member[];
  turns: TurnTaking;
  round: number;
  joined: boolean;
}

/** What the model wrote for the user to say below the shown head; `text` is all of it. */
export interface Suggestion {
  generation: string;
  text: string;
}

/**
 * Those of the shown path, in its order: where they are `wanted`, the last one stands in the prompt for
 * all messages up to its own. `writing`: the message up to which one is being written, None: none is.
 */
export interface ShownSummaries {
  wanted: boolean;
  shown: ShownSummary[];
  writing: string | null;
}

/**
 * How full the model's context is, about, in tokens: `used` of the `budget` that a prompt may have. When
 * `due` are used the oldest messages are summarised, in about `messages` messages; `due` 0: they are not,
 * and are left out when it is full.
 */
export interface ShownContext {
  used: number;
  budget: number;
  due: number;
  messages: number;
}

/**
 * A straight run of messages: none but the last has more than one message below it. `parent` is the place
 * of the run above it in the map, -1 for the first ones; it comes before. `text` and `last_text` are the
 * beginnings of the first message and of the last. `removed`: how the first one was; `is_gone`: it was
 * removed, or stands below what was, and is not shown.
 */
export interface MapNode {
  first: string;
  last: string;
  parent: number;
  count: number;
  /** of the first message */
  role: Role;
  last_role: Role;
  text: string;
  last_text: string;
  /** of the last */
  created_ms: number;
  /** on the last one: its name */
  bookmark: string;
  removed: Removal;
  is_gone: boolean;
  /** on the path to the head */
  is_shown: boolean;
}

/** What the creator says to people of one language (ISO 639-1). */
export interface LanguageNote {
  language: string;
  text: string;
}

/** Every text of a V3 card that its author writes; the names are those of the format. */
export interface CardTexts {
  name: string;
  nickname?: string;
  description?: string;
  personality?: string;
  scenario?: string;
  first_mes?: string;
  alternate_greetings?: string[];
  group_only_greetings?: string[];
  mes_example?: string;
  system_prompt?: string;
  post_history_instructions?: string;
  creator?: string;
  character_version?: string;
  tags?: string[];
  creator_notes?: string;
  creator_notes_multilingual?: LanguageNote[];
}

/**
 * `where`: its path in the card, or the file's. `text`: the value as JSON, its beginning where it is
 * long; of a file "". `size` in bytes.
 */
export interface OtherData {
  where: string;
  text: string;
  size: number;
}

/**
 * One asset, in the order they shall have. `at`: its place among those the card has; -1: a new one, whose
 * picture was brought under the id `picture`.
 */
export interface AssetEdit {
  type: string;
  name: string;
  at?: number;
  picture?: string;
}

/**
 * `text` is one line of English; `code` and `facts` (numbers and names, as the line has them) are for
 * programs that have words of their own.
 */
export interface Remark {
  code: string;
  text: string;
  facts: string[];
}

/**
 * What a user has chosen at one level; null: what the next one says. `own_instructions_win`: over those
 * of the card.
 */
export interface Choices {
  persona: string | null;
  note: AuthorsNote | null;
  system_prompt: string | null;
  post_history_instructions: string | null;
  own_instructions_win: boolean | null;
  replies: ReplySettings | null;
}

/**
 * How replies are made: a preset, and what differs from it; null: as there. `preset` is the name of one
 * that comes with Samovar, the id of one's own (hex), or "": what the node uses. `format` is the prompt's;
 * the rest are fields of Sampling.
 */
export interface ReplySettings {
  preset?: string;
  temperature?: number | null;
  top_k?: number | null;
  top_p?: number | null;
  min_p?: number | null;
  typical_p?: number | null;
  top_n_sigma?: number | null;
  repetition_penalty?: number | null;
  presence_penalty?: number | null;
  frequency_penalty?: number | null;
  penalty_last_n?: number | null;
  dry_multiplier?: number | null;
  dry_base?: number | null;
  dry_allowed_length?: number | null;
  dry_last_n?: number | null;
  dry_breakers?: string[] | null;
  xtc_probability?: number | null;
  xtc_threshold?: number | null;
  dynamic_range?: number | null;
  dynamic_exponent?: number | null;
  max_tokens?: number | null;
  max_thought_tokens?: number | null;
  min_tokens?: number | null;
  stop?: string[] | null;
  format?: "alpaca" | "chatml" | "command-r" | "deepseek" | "gemma" | "llama-2" | "llama-3" | "mistral" | "mistral-tekken" | "mistral-v7" | "model" | "phi-3" | "vicuna" | "zephyr" | null;
}

/** What a person wants a group to be; who is not named in it leaves. */
export interface GroupWish {
  members: MemberWish[];
  turns?: TurnTaking;
  round?: number;
  joined?: boolean;
}

/**
 * What became of an entry. `book` is the number of its book, `entry` its own place in it. Of what fired:
 * the key, in which message (-1: in other lore or the card), where it goes, and what it costs.
 */
export interface TriedEntry {
  book: number;
  entry: number;
  outcome: "dropped" | "fired" | "silent";
  reason: "activate" | "constant" | "kept" | "key" | "sticky" | "book_budget" | "budget" | "group" | "additional_keys" | "beyond" | "chance" | "character" | "cooldown" | "delay" | "disabled" | "dont_activate" | "empty" | "exclude_keys" | "fired_before" | "greeting" | "keys" | "no_keys" | "only_after" | "only_every" | "recursion" | "secondary_keys" | "trigger" | "user_icon";
  key: string;
  message: number;
  spot: string;
  depth: number;
  role: string;
  tokens: number;
  /** of the entry, for people */
  title: string;
}

/**
 * A pattern among the keys that is none, or is too slow. `field` as in the card's entry, or the name of a
 * decorator.
 */
export interface KeyTrouble {
  book: number;
  entry: number;
  field: string;
  key: string;
  why: string;
  slow: boolean;
}

/** A character version. `left`: it speaks no more, and is kept for what it has said. */
export interface Member {
  version: string;
  name: string;
  nickname: string;
  /** 0 to 1: how readily it speaks of its own accord */
  talkativeness: number;
  /** speaks only when it is asked to by hand */
  muted: boolean;
  left: boolean;
}

/**
 * What happened up to the message `upto`, the `count`th of the shown path; by whom it is written, "model"
 * or "person". `stale`: one of those messages is another since, or gone.
 */
export interface ShownSummary {
  upto: string;
  text: string;
  by: Author;
  count: number;
  stale: boolean;
}

/** See Note. */
export interface AuthorsNote {
  text: string;
  depth: number;
  role: Role;
  every: number;
}

/** `talkativeness` None: as its card says. */
export interface MemberWish {
  version: string;
  muted?: boolean;
  talkativeness?: number | null;
}
