/** The settings of replies: how each is shown, and what counts where nothing is set. Pure. */
import type { Choices, ConversationChoices, Preset, Presets, ReplySettings } from "../wire/protocol";

export type NumberField = Exclude<keyof ReplySettings, "preset" | "format" | "stop" | "dry_breakers" | "dry_last_n" | "dynamic_exponent">;

export interface Field {
  readonly name: NumberField;
  readonly least: number;
  readonly most: number;
  readonly step: number;
}

const field = (name: NumberField, least: number, most: number, step: number): Field => ({ name, least, most, step });

/** What one changes first. */
export const MAIN: readonly Field[] = [field("max_tokens", 16, 2048, 16), field("temperature", 0, 2, 0.05), field("min_p", 0, 0.5, 0.01)];

export const MORE: readonly Field[] = [
  field("top_p", 0, 1, 0.01),
  field("top_k", 0, 200, 1),
  field("typical_p", 0, 1, 0.01),
  field("top_n_sigma", 0, 5, 0.1),
  field("repetition_penalty", 0.8, 2, 0.01),
  field("penalty_last_n", -1, 4096, 1),
  field("frequency_penalty", -2, 2, 0.05),
  field("presence_penalty", -2, 2, 0.05),
  field("dry_multiplier", 0, 5, 0.05),
  field("dry_base", 1, 4, 0.05),
  field("dry_allowed_length", 1, 20, 1),
  field("xtc_probability", 0, 1, 0.05),
  field("xtc_threshold", 0, 0.5, 0.01),
  field("dynamic_range", 0, 2, 0.05),
  field("min_tokens", 0, 512, 1),
  field("max_thought_tokens", 0, 8192, 64),
];

export const LEVELS = ["conversation", "character", "everywhere"] as const;
export type Level = (typeof LEVELS)[number];

/** What counts: it is said at the nearest level that says anything. */
export function nearest<Name extends keyof Choices>(name: Name, told: ConversationChoices): Choices[Name] {
  return told.conversation[name] ?? told.character[name] ?? told.everywhere[name];
}

/** The nearest level behind this one that says any of these; undefined: none does. */
export function behind(names: readonly (keyof Choices)[], told: ConversationChoices, level: Level): Level | undefined {
  return LEVELS.slice(LEVELS.indexOf(level) + 1).find((one) => saysAny(names, told[one]));
}

export const saysAny = (names: readonly (keyof Choices)[], choices: Choices): boolean =>
  names.some((name) => (choices[name] ?? null) !== null);

/** What the levels behind this one say: the nearest of them that says anything, and which that is. */
export function inherited(told: ConversationChoices, level: Level): { from: Level | "usual"; settings: ReplySettings } {
  const from = behind(["replies"], told, level);
  return from ? { from, settings: told[from].replies ?? {} } : { from: "usual", settings: {} };
}

/** Every setting as its preset has it. */
export function basis(settings: ReplySettings, presets: Presets): ReplySettings {
  return presets.presets.find((one) => one.id === settings.preset)?.settings ?? presets.usual;
}

export function valueOf(name: NumberField, settings: ReplySettings, presets: Presets): number {
  return settings[name] ?? basis(settings, presets)[name] ?? 0;
}

export const isChanged = (name: keyof ReplySettings, settings: ReplySettings): boolean => (settings[name] ?? null) !== null;

/** The settings with one of them set; null: as in the preset. */
export function withSetting(settings: ReplySettings, name: keyof ReplySettings, value: number | string[] | null): ReplySettings {
  const changed: Partial<Record<keyof ReplySettings, unknown>> = { ...settings, [name]: value };
  if (value === null) Reflect.deleteProperty(changed, name);
  return changed as ReplySettings;
}

/** How the name of a preset is to be written in the list: those of Samovar are named by the page. */
export function nameOf(preset: Preset, names: Readonly<Record<string, string>>): string {
  return preset.own ? preset.name : (names[preset.id] ?? preset.name);
}

export const NO_CHOICES: Choices = {
  persona: null,
  note: null,
  system_prompt: null,
  post_history_instructions: null,
  own_instructions_win: null,
  replies: null,
};
