/** Light, dark, or as the system says. public/theme.js applies the choice before the first paint. */
import { defineStore } from "pinia";
import { computed, ref, watchEffect } from "vue";

export type Choice = "light" | "dark" | "system";

const KEY = "samovar.theme";
const CHOICES: readonly string[] = ["light", "dark", "system"];

const known = (choice: string | null): Choice => (choice !== null && CHOICES.includes(choice) ? (choice as Choice) : "system");

function remembered(): Choice {
  try {
    return known(localStorage.getItem(KEY));
  } catch {
    return "system";
  }
}

export const useTheme = defineStore("theme", () => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const systemIsDark = ref(system.matches);
  system.addEventListener("change", () => {
    systemIsDark.value = system.matches;
  });

  const choice = ref<Choice>(remembered());
  // What is chosen in one tab holds in all.
  addEventListener("storage", (event) => {
    if (event.key === KEY) choice.value = known(event.newValue);
  });
  const shown = computed(() => (choice.value === "system" ? (systemIsDark.value ? "dark" : "light") : choice.value));

  watchEffect(() => {
    document.documentElement.dataset.theme = shown.value;
    const colour = shown.value === "dark" ? "#15100c" : "#f5f6f7";
    document.querySelector('meta[name="theme-color"]')?.setAttribute("content", colour);
  });

  function choose(next: Choice): void {
    choice.value = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Storage is forbidden: the choice lasts as long as the page.
    }
  }

  return { choice, shown, choose };
});
