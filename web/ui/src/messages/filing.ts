/** What the page says of finding and ordering conversations, in English and in Russian: parts of en.ts and ru.ts. */

const plural = (language: string, n: number, forms: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>): string =>
  `${n.toLocaleString(language)}\u00a0${forms[new Intl.PluralRules(language).select(n)] ?? forms.other ?? ""}`;

const en = (n: number, one: string, other: string): string => plural("en", n, { one, other });
const ru = (n: number, one: string, few: string, many: string): string => plural("ru", n, { one, few, many, other: few });

export const filingInEnglish = {
  list: "Order of the list, files",
  sort: "Order",
  orders: { used: "Last used first", made: "Newest first", title: "By title" },
  show: "Show",
  views: { all: "Conversations", archive: "Archive", removed: "Recently deleted" },
  back: "All conversations",
  noneArchived: "Nothing is archived.",
  noneRemoved: "Nothing was deleted lately.",
  noneTagged: "Nothing here has this tag.",
  pinned: "Pinned",
  rest: "Other conversations",
  pin: "Pin",
  unpin: "Unpin",
  archive: "Archive",
  unarchive: "Take out of the archive",
  order: "Folder and tags…",
  orderTitle: "Folder and tags",
  folder: "Folder",
  noFolder: "None",
  newFolder: "New folder…",
  renameFolder: "Rename the folder",
  folderName: "Name of the folder",
  folderMenu: (name: string) => `More about the folder “${name}”`,
  up: "Move up",
  down: "Move down",
  dropFolder: "Remove the folder, keep what is in it",
  tags: "Tags",
  tagsHint: "Separated by commas.",
  addTag: "Add one of your tags",
  removed: (title: string) => `“${title}” is deleted.`,
  removedWhen: (when: string) => `deleted: ${when}`,
  restore: "Bring back",
  forms: {
    json: "Save all branches (JSON)",
    jsonl: "Save for SillyTavern (JSONL)",
    markdown: "Save to read (Markdown)",
  },
  allForms: {
    json: "Save all (JSON, zipped)",
    jsonl: "Save all for SillyTavern (zipped)",
    markdown: "Save all to read (zipped)",
  },
  bring: "Bring conversations in…",
  bringTitle: "Conversations from files",
  bringIn: "Bring in",
  drop: "Let go to bring these conversations in",
  broughtIn: (messages: number, versions: number) =>
    versions > messages
      ? `${en(messages, "message", "messages")}, ${en(versions - messages, "version", "versions")} beside them`
      : en(messages, "message", "messages"),
  whoAnswers: (file: string, name: string) =>
    name === "" ? `${file}: who answers in it?` : `${file}: there is no character named ${name} here. Who answers in it?`,
  character: "Character",
  refusedFile: (file: string) => `${file} could not be brought in.`,
};

export const filingInRussian: typeof filingInEnglish = {
  list: "Порядок списка и файлы",
  sort: "Порядок",
  orders: { used: "Сначала недавние", made: "Сначала новые", title: "По названию" },
  show: "Показать",
  views: { all: "Беседы", archive: "Архив", removed: "Недавно удалённые" },
  back: "Все беседы",
  noneArchived: "В архиве пусто.",
  noneRemoved: "За последнее время ничего не удалено.",
  noneTagged: "С этой меткой ничего нет.",
  pinned: "Закреплённые",
  rest: "Остальные беседы",
  pin: "Закрепить",
  unpin: "Открепить",
  archive: "В архив",
  unarchive: "Вернуть из архива",
  order: "Папка и метки…",
  orderTitle: "Папка и метки",
  folder: "Папка",
  noFolder: "Без папки",
  newFolder: "Новая папка…",
  renameFolder: "Переименовать папку",
  folderName: "Название папки",
  folderMenu: (name) => `Действия с папкой «${name}»`,
  up: "Выше",
  down: "Ниже",
  dropFolder: "Убрать папку, беседы оставить",
  tags: "Метки",
  tagsHint: "Через запятую.",
  addTag: "Добавить одну из ваших меток",
  removed: (title) => `Беседа «${title}» удалена.`,
  removedWhen: (when) => `удалено: ${when}`,
  restore: "Вернуть",
  forms: {
    json: "Сохранить все ветки (JSON)",
    jsonl: "Сохранить для SillyTavern (JSONL)",
    markdown: "Сохранить для чтения (Markdown)",
  },
  allForms: {
    json: "Сохранить всё (JSON, архив zip)",
    jsonl: "Сохранить всё для SillyTavern (zip)",
    markdown: "Сохранить всё для чтения (zip)",
  },
  bring: "Загрузить беседы…",
  bringTitle: "Беседы из файлов",
  bringIn: "Загрузить",
  drop: "Отпустите, чтобы загрузить эти беседы",
  broughtIn: (messages, versions) =>
    versions > messages
      ? `${ru(messages, "сообщение", "сообщения", "сообщений")}, рядом с ними ${ru(versions - messages, "вариант", "варианта", "вариантов")}`
      : ru(messages, "сообщение", "сообщения", "сообщений"),
  whoAnswers: (file, name) =>
    name === "" ? `${file}: кто в ней отвечает?` : `${file}: персонажа с именем ${name} здесь нет. Кто будет отвечать?`,
  character: "Персонаж",
  refusedFile: (file) => `${file}: загрузить не удалось.`,
};

export const searchInEnglish = {
  open: "Search",
  title: "Search everything",
  placeholder: "Words, “a phrase”, -not this",
  hint: "In messages, titles and summaries, notes, personas, characters, lorebooks, folders and tags. Any form of a word is found.",
  nothing: "Nothing was found.",
  found: (messages: number, more: boolean, places: number) => {
    const counted = `${more ? "More than " : ""}${en(messages, "message", "messages")}`;
    if (places === 0) return `${counted}.`;
    return messages === 0 ? `${en(places, "place", "places")}.` : `${counted}, ${en(places, "other place", "other places")}.`;
  },
  waiting: (n: number) => `${en(n, "text is", "texts are")} still being taken in.`,
  inIt: (n: number) => en(n, "match", "matches"),
  groups: {
    characters: "Characters",
    conversations: "Conversations",
    summaries: "Summaries",
    notes: "Notes and instructions",
    personas: "Personas",
    lorebooks: "Lorebooks",
    order: "Folders and tags",
  },
  ofAll: (shown: number, all: number) => `${shown.toLocaleString("en")} of ${all.toLocaleString("en")}`,
  kinds: {
    character: "Character",
    entry: "Entry without a name",
    folder: "Folder",
    instructions: "Instructions",
    lorebook: "Lorebook",
    note: "Author’s note",
    persona: "Persona",
    summary: "Summary",
    tag: "Tag",
  },
  forAll: "for all conversations",
};

export const searchInRussian: typeof searchInEnglish = {
  open: "Поиск",
  title: "Поиск по всему",
  placeholder: "Слова, «фраза» в кавычках, -исключить",
  hint: "В сообщениях и названиях, кратких содержаниях, заметках, персонах, персонажах, книгах знаний, папках и метках. Слово находится в любой форме.",
  nothing: "Ничего не нашлось.",
  found: (messages, more, places) => {
    const counted = `${more ? "Больше чем " : ""}${ru(messages, "сообщение", "сообщения", "сообщений")}`;
    if (places === 0) return `${counted}.`;
    return messages === 0 ? `${ru(places, "место", "места", "мест")}.` : `${counted} и ещё ${ru(places, "место", "места", "мест")}.`;
  },
  waiting: (n) => `Ещё обрабатывается: ${ru(n, "текст", "текста", "текстов")}.`,
  inIt: (n) => ru(n, "совпадение", "совпадения", "совпадений"),
  groups: {
    characters: "Персонажи",
    conversations: "Беседы",
    summaries: "Краткие содержания",
    notes: "Заметки и указания",
    personas: "Персоны",
    lorebooks: "Книги знаний",
    order: "Папки и метки",
  },
  ofAll: (shown, all) => `${shown.toLocaleString("ru")} из ${all.toLocaleString("ru")}`,
  kinds: {
    character: "Персонаж",
    entry: "Запись без названия",
    folder: "Папка",
    instructions: "Указания",
    lorebook: "Книга знаний",
    note: "Заметка автора",
    persona: "Персона",
    summary: "Краткое содержание",
    tag: "Метка",
  },
  forAll: "для всех бесед",
};
