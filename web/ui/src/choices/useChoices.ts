/** What is chosen in one place, changed as one works on it: each change is saved by itself, in order. */
import { computed, ref, shallowRef } from "vue";
import { useSession } from "../session/useSession";
import type { Character, Choices, ConversationChoices, Presets } from "../wire/protocol";
import { rest, troubleRef } from "../wire/rest";
import { NO_CHOICES, type Level } from "./settings";

export type ChoicesOf = ReturnType<typeof useChoices>;

/** What is chosen for: one conversation, or all with a character. */
export type Place = { readonly conversation: string } | { readonly character: Pick<Character, "id" | "version" | "name"> };

export function useChoices(place: Place) {
  /** The nearest of the levels that count there. */
  const level: Level = "conversation" in place ? "conversation" : "character";
  const told = shallowRef<ConversationChoices | null>(null);
  const presets = shallowRef<Presets | null>(null);
  const trouble = troubleRef();
  const saving = ref(0);
  const hasSaved = ref(false);
  let last: Promise<unknown> = Promise.resolve();

  async function load(): Promise<void> {
    try {
      [told.value, presets.value] = await Promise.all([ask(), rest.presets()]);
    } catch (error) {
      trouble.value = error;
    }
  }

  async function ask(): Promise<ConversationChoices> {
    if ("conversation" in place) return rest.choices(place.conversation);
    const { id, version, name } = place.character;
    const [chosen, card] = await Promise.all([rest.characterChoices(id), rest.character(version)]);
    return {
      ...chosen,
      conversation: NO_CHOICES,
      character_id: id,
      character_name: name,
      own_name: useSession().name,
      card_system_prompt: card.system_prompt,
      card_post_history: card.post_history_instructions,
    };
  }

  /** Shown at once; what the server then refuses is fetched as it is there. */
  async function change(changed: Partial<Choices>, at: Level = level): Promise<void> {
    const now = told.value;
    if (!now) return;
    const choices = { ...now[at], ...changed };
    told.value = { ...now, [at]: choices };
    saving.value += 1;
    trouble.value = "";
    const before = last;
    last = (async () => {
      await before;
      try {
        await send(at, choices, now.character_id);
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

  function send(at: Level, choices: Choices, character: string | null): Promise<unknown> {
    if (at === "conversation" && "conversation" in place) return rest.choose(place.conversation, choices);
    if (at === "character" && character !== null) return rest.chooseForCharacter(character, choices);
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
  return { level, told, presets, trouble, state, load, change, attempt, loadPresets };
}
