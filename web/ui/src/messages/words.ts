/** The words of the language that is chosen. What reads them in a template or a computed follows a change at once. */
import { shallowRef } from "vue";
import { en, type Words } from "./en";

const spoken = shallowRef<Words>(en);

export const words: Words = new Proxy(en, {
  get: (_, part) => Reflect.get(spoken.value, part) as unknown,
});

/** From now on the page speaks these. */
export function speak(next: Words): void {
  spoken.value = next;
}

/** The line of a table whose keys the server chooses, or undefined. */
export function lineFor(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
