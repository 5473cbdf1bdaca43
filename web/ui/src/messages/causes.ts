/** Why a reply was refused or broke off, by the server's code and facts (actors/messages/reply_causes.py): parts of en.ts and ru.ts. */
import type { CardLine } from "./cards";

const n = (language: string, fact = ""): string => Number(fact).toLocaleString(language);

export const causesInEnglish: Record<string, CardLine> & { other: CardLine } = {
  other_model: () => "It was begun with another model than the one that is there now: ask for the reply anew.",
  other_tokens: () => "It was begun with another model than the one that is there now: ask for the reply anew.",
  other_engine: () => "It was begun by another engine, and this one cannot go on with it: ask for the reply anew.",
  other_prompt: () => "Its prompt has changed since it was begun: ask for the reply anew.",
  too_long: (excess, room) =>
    `The prompt has ${n("en", excess)} tokens more than the ${n("en", room)} that this model has room for, even without earlier messages: shorten the character or your last message.`,
  template: (cause = "") => `The model’s own format of prompts cannot be used: choose another format under “Replies”. (${cause})`,
  template_refuses: () => "The model’s own format of prompts leaves out parts of this conversation: choose another format under “Replies”.",
  unknown_format: (name = "") => `The GPU box does not know the prompt format ${name}: update it, or choose another format under “Replies”.`,
  no_character: () => "The character of this conversation is no longer there.",
  no_lorebook: () => "A lorebook of this conversation was removed meanwhile: ask for the reply anew.",
  too_much: () => "The GPU box made more than it was asked for.",
  setting: (name = "", least = "", most = "") => `The setting ${name} must be between ${least} and ${most}: change it under “Replies”.`,
  constraint: (cause = "") => `What the reply was held to allows it no further: ${cause}.`,
  unreadable: (cause = "") => `The engine’s answer cannot be read: ${cause}`,
  other: (said = "") => `The computer that writes gave this cause: “${said}”`,
};

export const causesInRussian: typeof causesInEnglish = {
  other_model: () => "Его начинала другая модель, не та, что сейчас: попросите ответ заново.",
  other_tokens: () => "Его начинала другая модель, не та, что сейчас: попросите ответ заново.",
  other_engine: () => "Его начинал другой движок, этот продолжить не может: попросите ответ заново.",
  other_prompt: () => "Запрос к модели с тех пор изменился: попросите ответ заново.",
  too_long: (excess, room) =>
    `Запрос длиннее, чем вмещает эта модель, даже без прежних сообщений: лишних токенов ${n("ru", excess)} сверх ${n("ru", room)}. Сократите персонажа или последнее сообщение.`,
  template: (cause = "") => `Собственный формат запроса у этой модели не работает: выберите другой во вкладке «Ответы». (${cause})`,
  template_refuses: () => "Собственный формат запроса у этой модели теряет части беседы: выберите другой во вкладке «Ответы».",
  unknown_format: (name = "") => `Компьютер с видеокартой не знает формата запроса ${name}: обновите его или выберите другой формат во вкладке «Ответы».`,
  no_character: () => "Персонажа этой беседы больше нет.",
  no_lorebook: () => "Одну из книг знаний этой беседы тем временем удалили: попросите ответ заново.",
  too_much: () => "Компьютер с видеокартой прислал больше, чем его просили.",
  setting: (name = "", least = "", most = "") => `Настройка ${name} должна быть от ${least} до ${most}: измените её во вкладке «Ответы».`,
  constraint: (cause = "") => `Заданная форма ответа не даёт его продолжить: ${cause}.`,
  unreadable: (cause = "") => `Ответ движка не удалось прочитать: ${cause}`,
  other: (said = "") => `Компьютер, который пишет ответы, назвал такую причину: «${said}»`,
};
