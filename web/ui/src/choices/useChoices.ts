/** What is chosen for a conversation, changed as one works on it: each change is saved by itself, in order. */
import { computed, ref, shallowRef } from "vue";
import type { Choices, ConversationChoices, Presets } from "../wire/protocol";
import { rest, troubleRef } from "../wire/rest";
import type { Level } from "./settings";

export type ChoicesOf = ReturnType<typeof useChoices>;

export function useChoices(conversation: string) {
  const told = shallowRef<ConversationChoices | null>(null);
  const presets = shallowRef<Presets | null>(null);
  const trouble = troubleRef();
  const saving = ref(0);
  const hasSaved = ref(false);
  let last: Promise<unknown> = Promise.resolve();

  async function load(): Promise<void> {
    try {
      [told.value, presets.value] = await Promise.all([rest.choices(conversation), rest.presets()]);
    } catch (error) {
      trouble.value = error;
    }
  }

  /** Shown at once; what the server then refuses is fetched as it is there. */
  async function change(level: Level, changed: Partial<Choices>): Promise<void> {
    const now = told.value;
    if (!now) return;
    const choices = { ...now[level], ...changed };
    told.value = { ...now, [level]: choices };
    saving.value += 1;
    trouble.value = "";
    const before = last;
    last = (async () => {
      await before;
      try {
        await send(level, choices, now.character_id);
        hasSaved.value = true;
      } catch (error) {
        trouble.value = error;
        await load();
      } finally {
        saving.value -= 1;
      }
    })();
    await last;
  }

  function send(level: Level, choices: Choices, character: string | null): Promise<unknown> {
    if (level === "conversation") return rest.choose(conversation, choices);
    if (level === "character" && character !== null) return rest.chooseForCharacter(character, choices);
    return rest.chooseEverywhere(choices);
  }

  /** Something else that is asked of the server; its refusal is shown. */
  async function attempt<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    trouble.value = "";
    try {
      return await work();
    } catch (error) {
      trouble.value = error;
      return undefined;
    }
  }

  async function loadPresets(): Promise<void> {
    presets.value = await rest.presets();
  }

  const state = computed(() => (saving.value > 0 ? "saving" : hasSaved.value ? "saved" : ""));
  return { told, presets, trouble, state, load, change, attempt, loadPresets };
}
