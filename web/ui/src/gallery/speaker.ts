/** By which name the user will be spoken to. */
import { NOBODY } from "../personas/usePersonas";
import type { Persona } from "../wire/protocol";

/** `chosen`: ids, the nearest choice first, as the server goes through them; `own`: the user's own name. */
export function speakerOf(chosen: readonly (string | null)[], personas: readonly Persona[], own: string): string {
  for (const id of chosen) {
    if (id === NOBODY) return own;
    const persona = personas.find((one) => one.id === id);
    if (persona) return persona.name;
  }
  return own;
}
