/** The parts of the dialog of choices, in their order. */
export const TABS = ["you", "note", "instructions", "replies"] as const;
export type ChoicesTab = (typeof TABS)[number];
