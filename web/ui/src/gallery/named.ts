/** A card's text as it will be said: `{{char}}` and `{{user}}` are names. */
export function named(text: string, character: string, user: string): string {
  return text.replace(/\{\{char\}\}|<BOT>/gi, () => character).replace(/\{\{user\}\}|<USER>/gi, () => user);
}
