/** The formats that a prompt can be put in, by the names that people know them by. */
import type { ReplySettings } from "../wire/protocol";

export type PromptFormat = Exclude<NonNullable<ReplySettings["format"]>, "model">;

export const FORMATS: Readonly<Record<PromptFormat, string>> = {
  chatml: "ChatML",
  "llama-3": "Llama 3",
  "llama-2": "Llama 2",
  gemma: "Gemma",
  mistral: "Mistral",
  "mistral-tekken": "Mistral Nemo (Tekken)",
  "mistral-v7": "Mistral Small 3 (V7)",
  alpaca: "Alpaca",
  vicuna: "Vicuna",
  "phi-3": "Phi-3",
  zephyr: "Zephyr",
  "command-r": "Command R",
  deepseek: "DeepSeek",
};

/** "" for the model's own. */
export const formatName = (format: string): string => (format in FORMATS ? FORMATS[format as PromptFormat] : format);
