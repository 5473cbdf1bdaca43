/** Every word the page says, in English; what depends on something is a function. Its type is what each language has. */
import { movingInEnglish } from "./moving";
import { remarksInEnglish } from "./remarks";
import { treeInEnglish } from "./tree";
import { warningsInEnglish } from "./warnings";
import { cardsInEnglish } from "./cards";
import { causesInEnglish } from "./causes";
import { editorInEnglish } from "./editor";
import { loreInEnglish } from "./lore";
import { choicesInEnglish, personasInEnglish } from "./choices";
import { groupInEnglish } from "./group";
import { summaryInEnglish } from "./summary";
import { filingInEnglish, searchInEnglish } from "./filing";
import { peopleInEnglish } from "./people";
import { queueInEnglish } from "./queue";
import { traceInEnglish } from "./trace";

const plural = new Intl.PluralRules("en");
const nth = new Intl.PluralRules("en", { type: "ordinal" });
const number = new Intl.NumberFormat("en");

const SUFFIXES: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };

const ordinal = (n: number): string => `${n}${SUFFIXES[nth.select(n)] ?? "th"}`;

const count = (n: number, one: string, many: string): string => `${number.format(n)} ${plural.select(n) === "one" ? one : many}`;

const duration = (seconds: number): string => {
  if (seconds < 10) return "a few seconds";
  if (seconds < 90) return `${Math.round(seconds / 10) * 10} seconds`;
  return count(Math.round(seconds / 60), "minute", "minutes");
};

export const en = {
  product: "Samovar",

  greeting: {
    night: (name: string) => `Still up, ${name}?`,
    morning: (name: string) => `Good morning, ${name}`,
    day: (name: string) => `Hello, ${name}`,
    evening: (name: string) => `Good evening, ${name}`,
  },

  welcome: {
    title: "Put the kettle on",
    lead: "This is your Samovar: a place at home where you and your people talk with characters. What is said here stays on your own machines.",
    setUpTitle: "Make it yours",
    loginTitle: "Welcome back",
    loginLead: "Take a seat; everything is where you left it.",
    name: "Your name",
    nameHint: "Characters will call you by it.",
    password: "Password",
    newPassword: "A password",
    passwordHint: "Eight characters or more. A short sentence is best.",
    showPassword: "Show the password",
    hidePassword: "Hide the password",
    code: "One-time code",
    codeHint: "You come from another machine. The node printed this code where it was started.",
    setUp: "Open the door",
    login: "Come in",
    working: "One moment…",
    unreachable: "The server does not answer.",
    unreachableHelp: "Start it with “samovar up” on the machine at home. This page tries again by itself.",
    loading: "Warming up…",
  },

  gallery: {
    documentTitle: "Characters",
    lead: "Who would you like to sit with?",
    characters: "Characters",
    recent: "Go on where you left off",
    allConversations: (n: number) => `All ${n} conversations`,
    begin: (name: string) => `Talk with ${name}`,
    speakAs: "You speak as",
    speakAsUsual: "as usual",
    speakAsSelf: (name: string) => `yourself: ${name}`,
    beginning: "Pulling up a chair…",
    about: "About",
    firstWords: "First words",
    fromAuthor: "From the author",
    cardVersion: (version: string) => `version ${version}`,
    allNotes: "Read on",
    fewNotes: "Fold",
    before: (name: string) => `Your conversations with ${name}`,
    close: "Close",
    emptyTitle: "Nobody is here yet",
    failedTitle: "The characters could not be fetched",
    retry: "Try again",
    portraitOf: (name: string) => `Portrait of ${name}`,
  },

  library: {
    bring: "Bring a character",
    bringFolder: "A folder of cards",
    bringHint: "Character cards: PNG, WebP, JPEG, JSON or CHARX. Drop them, or a folder of them, anywhere on this page, or paste them.",
    drop: "Let go: they come in",
    search: "Search the characters",
    searchHint: "Name, words or tags",
    tags: "Tags",
    sort: "Order",
    sorts: { used: "Favourites first", name: "By name", newest: "Newest first" },
    nothing: "Nobody here fits that.",
    clear: "Show everybody",
    shown: (n: number) => count(n, "character", "characters"),
    favourite: (name: string) => `${name} is a favourite`,
    bringing: (done: number, all: number) => `Opening the cards: ${done} of ${all}`,
    brought: "What came in",
    imported: (n: number) => `${count(n, "character", "characters")} came in.`,
    known: (n: number) => `${count(n, "card", "cards")} had been here already.`,
    refused: (n: number) => `${count(n, "file", "files")} could not be taken.`,
    statusImported: "came in",
    statusKnown: "here already",
    statusRefused: "not taken",
    pasted: "pasted text.json",
    unreadable: "The file cannot be read any more.",
    warnings: (n: number) => count(n, "remark", "remarks"),
    stop: "Stop",
    finished: "Close",
    greetings: "How it begins",
    greeting: (n: number) => `Beginning ${n}`,
    by: (creator: string) => `by ${creator}`,
    lore: (n: number) => count(n, "lore entry", "lore entries"),
    save: "Save as a file",
    forms: {
      png: "Picture with the card (PNG, V3)",
      "png-v2": "For older programs (PNG, V2)",
      charx: "Archive with all files (CHARX)",
      json: "The card's text (JSON)",
      original: "As it came",
    },
    share: "Everybody on this server may talk with this character",
    remove: "Remove from the gallery",
    removed: (name: string) => `${name} is gone from the gallery; conversations stay.`,
    undo: "Undo",
    emptyLead: "Bring a character card, and it sits down here.",
  },

  filing: filingInEnglish,
  search: searchInEnglish,

  conversations: {
    heading: "Conversations",
    new: "New conversation",
    none: "Nothing here yet.",
    failed: "The list could not be fetched.",
    menu: (title: string) => `More about “${title}”`,
    rename: "Rename",
    remove: "Delete",
    renameTitle: "Rename the conversation",
    newTitle: "New title",
    save: "Save",
    cancel: "Cancel",
    live: "A reply is being written",
    show: "Show the conversations",
    hide: "Hide the conversations",
  },

  chat: {
    moreHere: "More about this conversation",
    log: (name: string) => `Conversation with ${name}`,
    you: "You",
    composer: (name: string) => `Say something to ${name}`,
    composerShort: "Say something…",
    composerBusy: "You can write ahead meanwhile",
    send: "Send",
    sendHint: "Enter sends, Shift + Enter makes a new line",
    stop: "Stop the reply",
    stopping: "Stopping…",
    newest: "Jump to the newest message",
    opening: "Fetching the conversation…",
    goneTitle: "This conversation is no longer here",
    gone: "It was deleted, perhaps on another device.",
    goneAction: "To all characters",
    retry: "Try again",
    writeAgain: "Write another reply",
    goOn: "Let it go on",
    answer: "Ask for a reply",
    edit: "Edit",
    editMine: "Edit your message",
    editTheirs: (name: string) => `Edit the words of ${name}`,
    editMineHint: "Your message gets a new version, and a new reply. The old one stays one swipe away.",
    editTheirsHint: "The reply gets a new version. The old one stays one swipe away.",
    saveAndSend: "Save and send",
    save: "Save",
    cancel: "Cancel",
    copy: "Copy",
    copied: "Copied",
    copyFailed: "The browser does not allow copying here. Select the text instead.",
    previous: "Previous version",
    next: "Next version",
    versionOf: (n: number, m: number) => `Version ${n} of ${m}`,
    actions: (who: string) => `Message of ${who}`,
    writing: (name: string) => `${name} is writing…`,
    thinking: (name: string) => `${name} is thinking…`,
    finished: (name: string, text: string) => `${name}: ${text}`,
    sending: "Sending…",
    kept: "Kept here. It will be sent when the connection is back.",
    refused: (why: string) => `Not sent. ${why}`,
    sendAgain: "Send again",
    takeBack: "Take it back",
    ended: {
      length: "The reply reached its length limit.",
      cancelled: "Stopped.",
      failed: "This reply broke off.",
      refused: "This reply broke off.",
      no_worker: "No computer was there to write the reply.",
      model_changed: "The model was changed in the middle of this reply.",
    },
    nothingCame: "No reply came of it.",
    thoughtOnly: "It thought, and said nothing.",
  },

  group: groupInEnglish,
  summary: summaryInEnglish,

  progress: {
    next: "Next in line",
    place: (place: number, waitingCount: number) => `${ordinal(place)} of ${waitingCount} in line`,
    wait: (seconds: number) => `about ${duration(seconds)}`,
    queued: "In line",
    reading: "Reading the conversation",
    thinking: "Thinking",
    suspended: "The computer that writes is away. The reply goes on where it stopped when it is back.",
  },

  thoughts: {
    thoughts: "Thoughts",
    thinking: "Thinking",
    seconds: (n: number) => (n < 60 ? `${n} s` : `${Math.floor(n / 60)} min ${n % 60} s`),
  },

  seam: {
    after: (before: string) =>
      `Taken up again after an interruption at “…${before}”. The words after that point may differ from what would have come.`,
    atFirst: "Taken up again after an interruption before its first word. Its words may differ from what would have come.",
  },

  line: {
    lost: "The connection is lost.",
    lostHelp: "Nothing is lost with it: a reply that is being written goes on, and shows when the connection is back.",
    retryIn: (seconds: number) => (seconds > 0 ? `Trying again in ${seconds} s` : "Trying again…"),
    retryNow: "Try now",
    away: "The computer that writes the replies is away.",
    awayHelp: "You can read and write meanwhile. Replies wait, and go on where they stopped when it is back.",
    starting: "The computer that writes the replies is starting.",
    startingHelp: "It loads its model. Replies wait until it is ready.",
    drained: "The computer that writes the replies is being looked after.",
    drainedHelp: "You can read and write meanwhile. Replies wait until it serves again.",
    refused: "The server closed the connection.",
    reload: "Load the page again",
  },

  node: {
    button: (state: string) => `State of the node: ${state}`,
    heading: "At home",
    ready: "Ready",
    away: "Away",
    starting: "Starting",
    silent: "Not answering",
    draining: "Draining",
    drained: "Drained",
    unknown: "Not known",
    model: "Model",
    engine: "Engine",
    slots: "Replies at once",
    busy: (busy: number, slots: number) => `${busy} of ${slots} in use`,
    context: "Memory",
    tokens: (n: number) => count(n, "token", "tokens"),
    queue: "Queue",
    queueText: (running: number, waitingCount: number) => `${running} being written, ${waitingCount} in line`,
    noWorker: "No computer is linked at the moment.",
    version: (version: string) => `Samovar ${version}`,
  },

  queue: queueInEnglish,
  people: peopleInEnglish,
  lore: loreInEnglish,
  personas: personasInEnglish,
  choices: choicesInEnglish,

  editor: editorInEnglish,

  /** Why a card is refused, by the code of its cause; what is not here is told in the server's words. */
  cards: cardsInEnglish,
  causes: causesInEnglish,
  moving: movingInEnglish,
  remarks: { ...remarksInEnglish, ...warningsInEnglish },

  trace: traceInEnglish,
  tree: treeInEnglish,

  boxes: {
    heading: "GPU boxes",
    menu: "GPU boxes",
    lead: "These computers may dial in and write replies. Each is known by its key; none needs an open port.",
    forOwners: "Only the owner of this Samovar sees its GPU boxes.",
    none: "No GPU box has joined yet.",
    noneText: "Add the computer with the graphics card: it dials out to this server, so at home no port is opened.",
    add: "Add a GPU box",
    addTitle: "Add a GPU box",
    addText: "Run this on the computer with the graphics card, where Samovar is installed:",
    copy: "Copy the command",
    qr: "The same text as a QR code",
    secret: "Whoever has this text may join: show it to nobody else.",
    dials: (addresses: string) => `The box will dial ${addresses}.`,
    left: (seconds: number) => `The text holds for ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} more.`,
    open: "A box may join now.",
    withdraw: "Withdraw",
    over: "This text holds no longer: its time is over, or too many unknown keys have knocked.",
    again: "Make a new one",
    joined: (name: string) => `${name} has joined`,
    compare: "The box shows the same fingerprint. If it shows another one, revoke it.",
    startIt: "Start it there with",
    done: "Done",
    loopback:
      "This node listens on its own machine only, so no other computer can reach it. Set link_host and link_port under [supervisor] in samovar.toml, and start it again.",
    own: "Belongs to this machine: it needs no pairing.",
    fingerprint: "Fingerprint",
    paired: "Paired",
    revokedAt: "Revoked",
    seen: "Last heard",
    never: "never",
    version: "Version",
    states: {
      ready: "Ready",
      starting: "Starting",
      silent: "Not answering",
      away: "Away",
      draining: "Draining",
      drained: "Drained",
      revoked: "Revoked",
    },
    renameOf: (name: string) => `Rename ${name}`,
    renameTitle: "Rename the GPU box",
    name: "Name",
    revoke: "Revoke",
    revokeOf: (name: string) => `Revoke ${name}`,
    revokeTitle: (name: string) => `Revoke ${name}?`,
    revokeText: "It is cut off at once, and the replies that it is writing go on elsewhere. To let it in again you pair it anew.",
    revokeConfirm: "Revoke",
    present: "Let in",
    revokedHeading: "Revoked",
  },

  demo: {
    badge: "Demonstration model",
    heading: "This is the demonstration model",
    text: "It is tiny, so that Samovar works on any laptop at once. It is lively, but it loses the thread and makes things up.",
    how: "For real conversations, give the node a GGUF model of the Llama family:",
    command: "samovar up --model PATH",
    copy: "Copy the command",
  },

  theme: { label: "Theme", light: "Light", dark: "Dark", system: "As the system" },

  language: {
    label: "Language",
    failed: "The texts of that language could not be fetched.",
  },

  account: {
    menu: (name: string) => `Account of ${name}`,
    logOut: "Log out",
    help: "Keyboard shortcuts",
  },

  help: {
    title: "Keyboard shortcuts",
    keys: [
      ["Enter", "Send the message"],
      ["Shift + Enter", "New line"],
      ["↑ in an empty box", "Edit your last message"],
      ["← →", "Previous or next version of the last reply"],
      ["Alt + R", "Write another reply"],
      ["Alt + C", "Let the last reply go on"],
      ["Alt + W", "Why the last reply is as it is"],
      ["Alt + M", "Map of the branches"],
      ["Alt + Z", "Bring back what was just deleted"],
      ["Esc", "Stop the reply; close what is open"],
      ["/", "To the message box"],
      ["Alt + ↑ ↓", "Previous or next conversation"],
      ["Ctrl + K", "Search everything"],
      ["Ctrl + Enter", "Save the message that is edited"],
      ["Ctrl + S", "Save the character or lorebook"],
      ["Alt + N", "New conversation"],
      ["?", "This sheet"],
    ] as readonly (readonly [string, string])[],
  },

  link: {
    title: "This link leads out of Samovar",
    text: "A character wrote it. Open it only if you know the place:",
    open: "Open in a new tab",
    stay: "Stay here",
  },

  when: {
    now: "just now",
  },

  title: {
    writing: (name: string) => `${name} is writing…`,
    new: (name: string) => `● ${name} has answered`,
    offline: "Connection lost",
  },

  /** Why the server refused something, by its code. A code that is not here is told in the server's words. */
  refusals: {
    no_folder: "This is no data folder of SillyTavern, and no card is in it: choose data/default-user, in which characters and chats lie.",
    move_files: "There are too many files in this folder: choose data/default-user within it.",
    moves: "Others are moving in just now: try again in a moment.",
    login: "The login is over: log in again.",
    wrong_login: "Name or password is wrong.",
    code: "The code is wrong. The node printed it when it started.",
    setup_over: "This node has an owner already: load the page again and log in.",
    name: "This name cannot be used.",
    name_taken: "That name is taken: choose another one.",
    password: "This password cannot be used.",
    title: "This title cannot be used.",
    too_long: "The message is too long: shorten it, or send it in parts.",
    too_many: "Too many requests at once. Wait a little, and try again.",
    busy: "Something is still going on here. Wait until it is done, or stop it, and try again.",
    queue_full: "The queue is full. Try again in a while.",
    storage: "Saving does not work at the moment, and is tried again. Nothing is lost.",
    conflict: "Somebody saved another version meanwhile.",
    card_name: "A character needs a name, of 200 characters at most.",
    not_found: "It is no longer here; perhaps it was deleted on another device.",
    forbidden: "This account may not do that.",
    owner_role: "The owner stays the owner.",
    setting: "A setting is out of range.",
    text: "This text is too long: shorten it.",
    picture: "This file is no picture that can be shown: take a PNG, JPEG, WebP or GIF.",
    preset: "This file is no sampler preset.",
    too_many_of_them: "There are as many of them as this server allows: remove one first.",
    failed: "Something went wrong on the server. Its log says what.",
  },

  /** The same, where the server gave the number that it is about. */
  limits: {
    name: (most: number) => `A name has 1 to ${most} visible characters.`,
    password: (least: number) => `The password is too short or far too long: it needs ${count(least, "character", "characters")} or more.`,
    title: (most: number) => `A title has 1 to ${most} characters.`,
    too_many_accounts: (most: number) => `There are ${count(most, "account", "accounts")} already, and this server takes no more.`,
    too_many_folders: (most: number) => `There are ${count(most, "folder", "folders")} already: remove one first.`,
    too_many_tags: (most: number) => `A conversation has at most ${count(most, "tag", "tags")}.`,
  },

  /** The same, where the server said when another try is worth it. */
  waits: {
    too_many: (seconds: number) => `Too many tries. Try again in ${duration(seconds)}.`,
    busy: (seconds: number) => `The server is busy just now. Try again in ${duration(seconds)}.`,
  },

  farewells: {
    version: "This page and the server are of different versions: load the page again.",
    too_many: "Too many pages are open at once: close one, and try again.",
  },

  errors: {
    unreachable: "The server does not answer. Check that the node is running, then try again.",
    unexpected: "Something went wrong in this page. Load it again; if it happens again, the log of the browser says why.",
    status: (status: number) => `The server answered with an error (${status}). Its log says why.`,
    notFoundTitle: "There is nothing at this address",
  },

  dismiss: "Dismiss",
};

export type Words = typeof en;
