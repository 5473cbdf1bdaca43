/** A card's text as it will be said: `{{char}}`, `<BOT>` and `{{user}}` are names (actors/character/macros.py). */
export function named(text: string, character: string, user: string): string {
  return text.replace(/\{\{(char|bot|user)\}\}|<(bot|char|user)>/gi, (_, braces?: string, angles?: string) =>
    (braces ?? angles ?? "").toLowerCase() === "user" ? user : character,
  );
}
