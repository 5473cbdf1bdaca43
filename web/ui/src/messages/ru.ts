/** Every word the page says, in Russian. Names stay in the nominative: nobody knows how to decline them. */
import { movingInRussian } from "./moving.ru";
import { remarksInRussian } from "./remarks.ru";
import { warningsInRussian } from "./warnings.ru";
import { treeInRussian } from "./tree.ru";
import type { Words } from "./en";
import { cardsInRussian } from "./cards.ru";
import { causesInRussian } from "./causes";
import { editorInRussian } from "./editor.ru";
import { loreInRussian } from "./lore.ru";
import { choicesInRussian, personasInRussian } from "./choices";
import { groupInRussian } from "./group";
import { summaryInRussian } from "./summary";
import { filingInRussian, searchInRussian } from "./filing";
import { peopleInRussian } from "./people";
import { queueInRussian } from "./queue";
import { traceInRussian } from "./trace";

const plural = new Intl.PluralRules("ru");
const number = new Intl.NumberFormat("ru");

/** «1 минута», «2 минуты», «5 минут»; the number and its word stay on one line. */
const count = (n: number, one: string, few: string, many: string): string => {
  const forms: Partial<Record<Intl.LDMLPluralRule, string>> = { one, many };
  return `${number.format(n)}\u00a0${forms[plural.select(n)] ?? few}`;
};

const duration = (seconds: number): string =>
  seconds < 90
    ? count(Math.round(seconds / 10) * 10, "секунда", "секунды", "секунд")
    : count(Math.round(seconds / 60), "минута", "минуты", "минут");

/** After «через»: «минуту», «2 минуты», «5 минут». */
const durationAfter = (seconds: number): string =>
  seconds < 10
    ? "несколько секунд"
    : seconds < 90
      ? count(Math.round(seconds / 10) * 10, "секунду", "секунды", "секунд")
      : count(Math.round(seconds / 60), "минуту", "минуты", "минут");

const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

export const ru: Words = {
  product: "Самовар",

  greeting: {
    night: (name) => `Не спится, ${name}?`,
    morning: (name) => `Доброе утро, ${name}`,
    day: (name) => `Добрый день, ${name}`,
    evening: (name) => `Добрый вечер, ${name}`,
  },

  welcome: {
    title: "Ставим самовар",
    lead: "Здесь вы и ваши близкие беседуете с персонажами, как за чаем у себя дома. Всё сказанное остаётся на ваших компьютерах.",
    setUpTitle: "Добро пожаловать",
    loginTitle: "С возвращением",
    loginLead: "Присаживайтесь: всё на своих местах.",
    name: "Ваше имя",
    nameHint: "Так к вам будут обращаться персонажи.",
    password: "Пароль",
    newPassword: "Придумайте пароль",
    passwordHint: "Не меньше восьми знаков. Лучше всего — короткая фраза.",
    showPassword: "Показать пароль",
    hidePassword: "Скрыть пароль",
    code: "Одноразовый код",
    codeHint: "Вы заходите с другого компьютера. Код напечатан там, где запущен сервер.",
    setUp: "Открыть дверь",
    login: "Войти",
    working: "Минутку…",
    unreachable: "Сервер не отвечает",
    unreachableHelp: "Запустите его на домашнем компьютере командой «samovar up». Страница сама попробует ещё раз.",
    loading: "Самовар закипает…",
  },

  gallery: {
    documentTitle: "Персонажи",
    lead: "С кем посидим за чаем?",
    characters: "Персонажи",
    recent: "Продолжить беседу",
    allConversations: (n) => `Все беседы: ${n}`,
    begin: () => "Начать беседу",
    speakAs: "Вы говорите как",
    speakAsUsual: "как обычно",
    speakAsSelf: (name) => `вы сами: ${name}`,
    beginning: "Пододвигаем стул…",
    about: "О персонаже",
    firstWords: "Первые слова",
    fromAuthor: "От автора",
    cardVersion: (version) => `версия ${version}`,
    allNotes: "Читать дальше",
    fewNotes: "Свернуть",
    before: () => "Ваши прежние беседы",
    close: "Закрыть",
    emptyTitle: "Пока здесь никого",
    failedTitle: "Не удалось загрузить персонажей",
    retry: "Попробовать ещё раз",
    portraitOf: (name) => `Портрет: ${name}`,
  },

  library: {
    bring: "Добавить персонажа",
    bringFolder: "Папка с карточками",
    bringHint: "Карточки персонажей: PNG, WebP, JPEG, JSON или CHARX. Перетащите их или целую папку на эту страницу или вставьте из буфера.",
    drop: "Отпустите — и они здесь",
    search: "Поиск персонажей",
    searchHint: "Имя, слова или метки",
    tags: "Метки",
    sort: "Порядок",
    sorts: { used: "Сначала избранные", name: "По имени", newest: "Сначала новые" },
    nothing: "Никого подходящего нет.",
    clear: "Показать всех",
    shown: (n) => count(n, "персонаж", "персонажа", "персонажей"),
    favourite: (name) => `${name}: в избранном`,
    bringing: (done, all) => `Открываем карточки: ${done} из ${all}`,
    brought: "Что добавлено",
    imported: (n) => `Добавлено: ${count(n, "персонаж", "персонажа", "персонажей")}.`,
    known: (n) => `Уже были здесь: ${count(n, "карточка", "карточки", "карточек")}.`,
    refused: (n) => `Не удалось добавить: ${count(n, "файл", "файла", "файлов")}.`,
    statusImported: "добавлен",
    statusKnown: "уже здесь",
    statusRefused: "не добавлен",
    pasted: "вставленный текст.json",
    unreadable: "Файл больше не читается.",
    warnings: (n) => count(n, "замечание", "замечания", "замечаний"),
    stop: "Остановить",
    finished: "Закрыть",
    greetings: "С чего начать",
    greeting: (n) => `Начало ${n}`,
    by: (creator) => `автор: ${creator}`,
    lore: (n) => `${count(n, "запись", "записи", "записей")} в книге знаний`,
    save: "Сохранить в файл",
    forms: {
      png: "Картинка с карточкой (PNG, V3)",
      "png-v2": "Для старых программ (PNG, V2)",
      charx: "Архив со всеми файлами (CHARX)",
      json: "Текст карточки (JSON)",
      original: "Как было получено",
    },
    share: "С этим персонажем могут беседовать все на сервере",
    remove: "Убрать из галереи",
    removed: (name) => `${name}: убран из галереи, беседы остались.`,
    undo: "Вернуть",
    emptyLead: "Добавьте карточку персонажа — и он сядет за стол.",
  },

  filing: filingInRussian,
  search: searchInRussian,

  conversations: {
    heading: "Беседы",
    new: "Новая беседа",
    none: "Пока пусто.",
    failed: "Не удалось загрузить список.",
    menu: (title) => `Действия с беседой «${title}»`,
    rename: "Переименовать",
    remove: "Удалить",
    renameTitle: "Переименовать беседу",
    newTitle: "Новое название",
    save: "Сохранить",
    cancel: "Отмена",
    live: "Пишется ответ",
    show: "Показать беседы",
    hide: "Скрыть беседы",
  },

  chat: {
    moreHere: "Ещё об этой беседе",
    log: (name) => `Беседа: ${name}`,
    you: "вы",
    composer: () => "Скажите что-нибудь…",
    composerShort: "Скажите что-нибудь…",
    composerBusy: "Пока можно писать дальше…",
    send: "Отправить",
    sendHint: "Enter — отправить, Shift + Enter — новая строка",
    stop: "Остановить ответ",
    stopping: "Останавливаем…",
    newest: "К последнему сообщению",
    opening: "Загружаем беседу…",
    goneTitle: "Этой беседы больше нет",
    gone: "Её удалили — возможно, на другом устройстве.",
    goneAction: "Ко всем персонажам",
    retry: "Попробовать ещё раз",
    writeAgain: "Написать другой ответ",
    goOn: "Продолжить ответ",
    answer: "Попросить ответить",
    edit: "Изменить",
    editMine: "Правка вашего сообщения",
    editTheirs: (name) => `Правка ответа: ${name}`,
    editMineHint: "Появится новый вариант сообщения, а к нему — новый ответ. Прежний никуда не денется.",
    editTheirsHint: "Появится новый вариант ответа. Прежний никуда не денется.",
    saveAndSend: "Сохранить и отправить",
    save: "Сохранить",
    cancel: "Отмена",
    copy: "Копировать",
    copied: "Скопировано",
    copyFailed: "Браузер не разрешает копировать отсюда. Выделите текст сами.",
    previous: "Предыдущий вариант",
    next: "Следующий вариант",
    versionOf: (n, m) => `Вариант ${n} из ${m}`,
    actions: (who) => `Сообщение, автор — ${who}`,
    writing: (name) => `${name} пишет…`,
    thinking: (name) => `${name} думает…`,
    finished: (name, text) => `${name}: ${text}`,
    sending: "Отправляем…",
    kept: "Сообщение сохранено и уйдёт, как только вернётся связь.",
    refused: (why) => `Не отправлено. ${why}`,
    sendAgain: "Отправить ещё раз",
    takeBack: "Забрать обратно",
    ended: {
      length: "Ответ достиг предельной длины.",
      cancelled: "Ответ остановлен.",
      failed: "Ответ оборвался.",
      refused: "Ответ оборвался.",
      no_worker: "Не нашлось компьютера, который написал бы ответ.",
      model_changed: "Посреди ответа сменилась модель.",
    },
    nothingCame: "Ответа не получилось.",
    thoughtOnly: "Одни мысли — и ни слова вслух.",
  },

  group: groupInRussian,
  summary: summaryInRussian,

  progress: {
    next: "Следующий в очереди",
    place: (place, waitingCount) => `${place}-й из ${waitingCount} в очереди`,
    wait: (seconds) => (seconds < 10 ? "несколько секунд" : `примерно ${duration(seconds)}`),
    queued: "В очереди",
    reading: "Перечитывает беседу",
    thinking: "Думает",
    suspended: "Компьютер, который пишет ответы, недоступен. Когда он вернётся, ответ продолжится с того же места.",
  },

  thoughts: {
    thoughts: "Мысли",
    thinking: "Думает",
    seconds: (n) => (n < 60 ? `${n}\u00a0с` : `${Math.floor(n / 60)}\u00a0мин ${n % 60}\u00a0с`),
  },

  seam: {
    after: (before) => `Ответ продолжен после перерыва на словах «…${before}». Дальше слова могли бы быть иными.`,
    atFirst: "Ответ продолжен после перерыва, до первого слова. Слова могли бы быть иными.",
  },

  line: {
    lost: "Связь потеряна.",
    lostHelp: "Но ничего не пропало: начатый ответ пишется дальше и появится здесь, когда связь вернётся.",
    retryIn: (seconds) => (seconds > 0 ? `Следующая попытка через ${seconds}\u00a0с` : "Пробуем ещё раз…"),
    retryNow: "Попробовать сейчас",
    away: "Компьютер, который пишет ответы, недоступен.",
    awayHelp: "Читать и писать можно и сейчас. Ответы подождут и продолжатся с того же места, когда он вернётся.",
    starting: "Компьютер, который пишет ответы, запускается.",
    startingHelp: "Он загружает модель. Ответы подождут, пока он будет готов.",
    drained: "Компьютер, который пишет ответы, на обслуживании.",
    drainedHelp: "Читать и писать можно и сейчас. Ответы подождут, пока он вернётся к работе.",
    refused: "Сервер закрыл соединение.",
    reload: "Обновить страницу",
  },

  node: {
    button: (state) => `Состояние сервера: ${state.toLocaleLowerCase("ru")}`,
    heading: "Дома",
    ready: "Готов",
    away: "Недоступен",
    starting: "Запускается",
    silent: "Не отвечает",
    draining: "Выводится",
    drained: "Выведен",
    unknown: "Неизвестно",
    model: "Модель",
    engine: "Движок",
    slots: "Ответов сразу",
    busy: (busy, slots) => `занято ${busy} из ${slots}`,
    context: "Память",
    tokens: (n) => count(n, "токен", "токена", "токенов"),
    queue: "Очередь",
    queueText: (running, waitingCount) =>
      running + waitingCount === 0
        ? "пусто"
        : `${count(running, "ответ пишется", "ответа пишутся", "ответов пишется")}, ${count(waitingCount, "ждёт", "ждут", "ждут")}`,
    noWorker: "Сейчас не подключён ни один компьютер.",
    version: (version) => `Самовар ${version}`,
  },

  queue: queueInRussian,
  people: peopleInRussian,
  lore: loreInRussian,
  personas: personasInRussian,
  choices: choicesInRussian,

  editor: editorInRussian,

  cards: cardsInRussian,
  causes: causesInRussian,
  moving: movingInRussian,
  remarks: { ...remarksInRussian, ...warningsInRussian },

  trace: traceInRussian,
  tree: treeInRussian,

  boxes: {
    heading: "Компьютеры с\u00a0видеокартой",
    menu: "Компьютеры с видеокартой",
    lead: "Эти компьютеры подключаются сами и пишут ответы. Каждый узнаётся по своему ключу, и ни одному не нужен открытый порт.",
    forOwners: "Список компьютеров видит только владелец этого самовара.",
    none: "Пока не подключён ни один компьютер.",
    noneText: "Добавьте компьютер с видеокартой: он сам дозванивается до этого сервера, дома не нужно открывать порты.",
    add: "Добавить компьютер",
    addTitle: "Добавить компьютер с\u00a0видеокартой",
    addText: "Выполните эту команду на компьютере с видеокартой, где установлен «Самовар»:",
    copy: "Копировать команду",
    qr: "Тот же код в виде QR-кода",
    secret: "С этим кодом подключится любой: никому его не показывайте.",
    dials: (addresses) => `Компьютер будет подключаться к ${addresses}.`,
    left: (seconds) => `Код действует ещё ${clock(seconds)}.`,
    open: "Можно подключать компьютер.",
    withdraw: "Отозвать код",
    over: "Этот код больше не действует: вышел срок или было слишком много попыток с незнакомыми ключами.",
    again: "Получить новый код",
    joined: (name) => `Компьютер «${name}» подключён`,
    compare: "На том компьютере должен быть показан такой же отпечаток. Если он другой, закройте компьютеру доступ.",
    startIt: "Запустите его там командой",
    done: "Готово",
    loopback:
      "Этот сервер принимает соединения только со своего компьютера, другим до него не добраться. Задайте link_host и link_port в разделе [supervisor] файла samovar.toml и перезапустите сервер.",
    own: "Это компьютер самого сервера: подключать его не нужно.",
    fingerprint: "Отпечаток ключа",
    paired: "Подключён",
    revokedAt: "Доступ закрыт",
    seen: "Последняя связь",
    never: "ещё не было",
    version: "Версия",
    states: {
      ready: "Готов",
      starting: "Запускается",
      silent: "Не отвечает",
      away: "Недоступен",
      draining: "Выводится",
      drained: "Выведен",
      revoked: "Доступ закрыт",
    },
    renameOf: (name) => `Переименовать «${name}»`,
    renameTitle: "Переименовать компьютер",
    name: "Название",
    revoke: "Закрыть доступ",
    revokeOf: (name) => `Закрыть доступ: «${name}»`,
    revokeTitle: (name) => `Закрыть доступ компьютеру «${name}»?`,
    revokeText: "Он будет отключён сразу, а начатые им ответы допишут другие. Чтобы впустить его снова, придётся подключить его заново.",
    revokeConfirm: "Закрыть доступ",
    present: "Подключённые",
    revokedHeading: "Без доступа",
  },

  demo: {
    badge: "Пробная модель",
    heading: "Это пробная модель",
    text: "Она крошечная, чтобы «Самовар» сразу заработал на любом ноутбуке. Болтает бойко, но теряет нить и многое выдумывает.",
    how: "Для настоящих бесед дайте серверу модель семейства Llama в формате GGUF:",
    command: "samovar up --model ПУТЬ",
    copy: "Копировать команду",
  },

  theme: { label: "Тема", light: "Светлая", dark: "Тёмная", system: "Как в системе" },

  language: {
    label: "Язык",
    failed: "Не удалось загрузить этот язык.",
  },

  account: {
    menu: (name) => `Учётная запись: ${name}`,
    logOut: "Выйти",
    help: "Сочетания клавиш",
  },

  help: {
    title: "Сочетания клавиш",
    keys: [
      ["Enter", "Отправить сообщение"],
      ["Shift + Enter", "Новая строка"],
      ["↑ в пустом поле", "Изменить своё последнее сообщение"],
      ["← →", "Предыдущий или следующий вариант последнего ответа"],
      ["Alt + R", "Написать другой ответ"],
      ["Alt + C", "Продолжить последний ответ"],
      ["Alt + W", "Почему последний ответ такой"],
      ["Alt + M", "Карта ветвей"],
      ["Alt + Z", "Вернуть только что удалённое"],
      ["Esc", "Остановить ответ; закрыть то, что открыто"],
      ["/", "К полю сообщения"],
      ["Alt + ↑ ↓", "Предыдущая или следующая беседа"],
      ["Ctrl + K", "Поиск по всему"],
      ["Ctrl + Enter", "Сохранить сообщение, которое правится"],
      ["Ctrl + S", "Сохранить персонажа или книгу знаний"],
      ["Alt + N", "Новая беседа"],
      ["?", "Эта подсказка"],
    ],
  },

  link: {
    title: "Ссылка ведёт за пределы «Самовара»",
    text: "Её написал персонаж. Открывайте, только если знаете этот адрес:",
    open: "Открыть в новой вкладке",
    stay: "Остаться здесь",
  },

  when: {
    now: "только что",
  },

  title: {
    writing: (name) => `${name} пишет…`,
    new: (name) => `● Новый ответ: ${name}`,
    offline: "Нет связи",
  },

  refusals: {
    no_folder: "Это не папка данных SillyTavern, и карточек в ней нет: выберите data/default-user, где лежат characters и chats.",
    move_files: "В этой папке слишком много файлов: выберите в ней data/default-user.",
    moves: "Сейчас переезжают другие: попробуйте чуть позже.",
    login: "Вход больше не действует: войдите ещё раз.",
    wrong_login: "Неверное имя или пароль.",
    code: "Код не подходит. Он напечатан там, где запущен сервер.",
    setup_over: "У этого сервера уже есть владелец. Обновите страницу и войдите.",
    name: "Такое имя не подходит.",
    name_taken: "Это имя уже занято, выберите другое.",
    password: "Такой пароль не подходит.",
    title: "Такое название не подходит.",
    too_long: "Сообщение слишком длинное: сократите его или отправьте по частям.",
    too_many: "Слишком много запросов сразу. Подождите немного и попробуйте ещё раз.",
    busy: "Здесь ещё не всё закончено. Дождитесь конца или остановите ответ и попробуйте ещё раз.",
    queue_full: "Очередь заполнена. Попробуйте немного позже.",
    storage: "Сейчас не получается сохранить; сервер попробует ещё раз. Ничего не пропало.",
    conflict: "Тем временем сохранили другую версию.",
    card_name: "Персонажу нужно имя, не длиннее 200 знаков.",
    not_found: "Этого здесь больше нет: возможно, удалено на другом устройстве.",
    forbidden: "Этой учётной записи такое не разрешено.",
    owner_role: "Владелец остаётся владельцем.",
    setting: "Настройка вне допустимых пределов.",
    text: "Текст слишком длинный: сократите его.",
    picture: "Это не картинка, которую можно показать: подойдут PNG, JPEG, WebP и GIF.",
    preset: "Это не набор настроек.",
    too_many_of_them: "Их столько, сколько разрешает этот сервер: сначала удалите что-нибудь.",
    failed: "На сервере что-то сломалось. Причина записана в его журнале.",
  },

  limits: {
    name: (most) => `В имени должно быть от 1 до ${most} видимых знаков.`,
    password: (least) => `Пароль слишком короткий или чересчур длинный: нужно не меньше ${count(least, "знака", "знаков", "знаков")}.`,
    title: (most) => `В названии должно быть от 1 до ${most} знаков.`,
    too_many_accounts: (most) => `Здесь уже ${count(most, "учётная запись", "учётные записи", "учётных записей")}, больше этот сервер не принимает.`,
    too_many_folders: (most) => `Папок уже ${count(most, "штука", "штуки", "штук")}: сначала уберите лишнюю.`,
    too_many_tags: (most) => `У беседы может быть не больше чем ${count(most, "метка", "метки", "меток")}.`,
  },

  waits: {
    too_many: (seconds) => `Слишком много попыток. Попробуйте ещё раз через ${durationAfter(seconds)}.`,
    busy: (seconds) => `Сервер сейчас занят. Попробуйте ещё раз через ${durationAfter(seconds)}.`,
  },

  farewells: {
    version: "Версии страницы и сервера разошлись: обновите страницу.",
    too_many: "Открыто слишком много страниц: закройте лишние и попробуйте ещё раз.",
  },

  errors: {
    unreachable: "Сервер не отвечает. Проверьте, запущен ли он, и попробуйте ещё раз.",
    unexpected: "На странице что-то сломалось. Обновите её; если не поможет, причину подскажет консоль браузера.",
    status: (status) => `Сервер ответил ошибкой ${status}. Причина записана в его журнале.`,
    notFoundTitle: "По этому адресу ничего нет",
  },

  dismiss: "Скрыть",
};
