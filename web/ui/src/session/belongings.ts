/** What a user leaves in the browser (drafts, unsent messages) is shown to nobody else. */

const USER = "samovar.user";

/** The page is this user's now. True where somebody else used it before: their things are to be forgotten. */
export function claim(user: string): boolean {
  try {
    const before = localStorage.getItem(USER);
    localStorage.setItem(USER, user);
    return before !== null && before !== user;
  } catch {
    return false; // storage is forbidden: nothing was left
  }
}
