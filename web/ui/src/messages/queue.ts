/** What the page says of the queue, in English and in Russian: parts of en.ts and ru.ts. */
import { plural } from "./plural";

const moment = (language: string, ms: number): string =>
  new Date(ms).toLocaleString(language, { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });

export const queueInEnglish = {
  /** Why the queue did not make a reply: one sentence that says when to ask again, or what to do. */
  refused: {
    queue_full: (limit: number) =>
      `${plural("en", limit, { one: "reply is", other: "replies are" })} waiting already: ask again in a few minutes.`,
    user_waiting: (limit: number) =>
      `${plural("en", limit, { one: "reply of yours waits", other: "replies of yours wait" })} already: ask again when one of them is done.`,
    user_tokens: (limit: number, againMs: number) =>
      `You have had the ${plural("en", limit, { one: "token", other: "tokens" })} of this day: ask again after ${moment("en", againMs)}.`,
    dismissed: () => "Somebody who keeps this Samovar took the reply out of the queue: ask them, or ask for it again.",
  },
  menu: "Queue",
  heading: "Queue",
  lead: "Who is served, and who waits. What their conversations are about is theirs alone.",
  forOwners: "Only the owner of this Samovar and its admins see the queue.",
  nobody: "Nobody waits",
  nobodyText: "When replies are being written or wait for their turn, they stand here in their order.",
  writing: (box: string, time: string) => `Being written by ${box} for ${time}`,
  waiting: (place: number, time: string) => `Place ${place}, waiting for ${time}`,
  wait: (time: string) => `about ${time} to go`,
  up: "Up",
  upOf: (name: string, place: number) => `Up: the reply of ${name} at place ${place}`,
  first: "First",
  firstOf: (name: string, place: number) => `First: the reply of ${name} at place ${place}`,
  end: "End",
  endOf: (name: string) => `End a reply of ${name}`,
  boxes: "GPU boxes",
  noBox: "No GPU box is linked at the moment.",
  drain: "Drain",
  drainOf: (name: string) => `Drain ${name}: give it nothing new`,
  serve: "Let it serve",
  serveOf: (name: string) => `Let it serve: ${name}`,
  slots: (busy: number, slots: number) => `${busy} of ${slots} in use`,
  states: {
    ready: "Ready",
    starting: "Starting",
    silent: "Not answering",
    away: "Away",
    draining: "Draining: it finishes what it has",
    drained: "Drained: nothing runs on it",
  } as Readonly<Record<string, string>>,
  shares: "Shares",
  sharesLead: "Who has 2 gets twice the tokens of who has 1, while both have replies waiting.",
  shareOf: (name: string) => `Share of ${name}`,
  time: (seconds: number) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`),
};

export const queueInRussian: typeof queueInEnglish = {
  refused: {
    queue_full: (limit) =>
      `В очереди уже ${plural("ru", limit, { one: "ответ", few: "ответа", other: "ответов" })}: попросите снова через несколько минут.`,
    user_waiting: (limit) =>
      `Уже ${plural("ru", limit, { one: "ваш ответ ждёт", few: "ваших ответа ждут", other: "ваших ответов ждут" })} очереди: попросите снова, когда один из них будет готов.`,
    user_tokens: (limit, againMs) =>
      `Ваши ${plural("ru", limit, { one: "токен", few: "токена", other: "токенов" })} на этот день израсходованы: попросите снова после ${moment("ru", againMs)}.`,
    dismissed: () => "Ответ убрал из очереди тот, кто следит за этим самоваром: спросите его или попросите ответ снова.",
  },
  menu: "Очередь",
  heading: "Очередь",
  lead: "Кому сейчас пишется ответ и кто ждёт. О чём их беседы, знают только они.",
  forOwners: "Очередь видят только владелец этого самовара и администраторы.",
  nobody: "Никто не ждёт",
  nobodyText: "Когда ответы пишутся или ждут своей очереди, они стоят здесь по порядку.",
  writing: (box, time) => `Пишет ${box}, уже ${time}`,
  waiting: (place, time) => `Место ${place}, ждёт ${time}`,
  wait: (time) => `осталось около ${time}`,
  up: "Выше",
  upOf: (name, place) => `Выше: ответ для ${name}, место ${place}`,
  first: "Первым",
  firstOf: (name, place) => `Первым: ответ для ${name}, место ${place}`,
  end: "Прекратить",
  endOf: (name) => `Прекратить ответ для ${name}`,
  boxes: "Компьютеры с видеокартой",
  noBox: "Сейчас ни один компьютер не подключён.",
  drain: "Вывести",
  drainOf: (name) => `Вывести: ${name}, ничего нового`,
  serve: "Вернуть",
  serveOf: (name) => `Вернуть ${name} в работу`,
  slots: (busy, slots) => `занято ${busy} из ${slots}`,
  states: {
    ready: "Готов",
    starting: "Запускается",
    silent: "Не отвечает",
    away: "Не подключён",
    draining: "Выводится: заканчивает начатое",
    drained: "Выведен: на нём ничего не работает",
  },
  shares: "Доли",
  sharesLead: "У кого 2, тот получает вдвое больше токенов, чем тот, у кого 1, пока оба ждут.",
  shareOf: (name) => `Доля: ${name}`,
  time: (seconds) => (seconds < 90 ? `${Math.round(seconds)} с` : `${Math.round(seconds / 60)} мин`),
};
