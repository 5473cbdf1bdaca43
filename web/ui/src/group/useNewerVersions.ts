/** Of the members of a group those whose character has a newer version by now. */
import { onMounted, shallowRef } from "vue";
import { useCharacters } from "../gallery/useCharacters";
import { rest } from "../wire/rest";

/** Version of a member → the current one of its character. */
export function useNewerVersions(versions: readonly string[]) {
  const characters = useCharacters();
  const newer = shallowRef<ReadonlyMap<string, string>>(new Map());

  async function currentOf(version: string): Promise<readonly [string, string] | null> {
    if (characters.list.some((one) => one.version === version)) return null;
    // Whose character is gone, not shared any more or out of reach just now is offered nothing.
    const found = await rest.character(version).catch(() => null);
    const current = characters.list.find((one) => one.id === found?.character.id);
    return current ? [version, current.version] : null;
  }

  onMounted(async () => {
    if (characters.state !== "loaded") await characters.load();
    const found = await Promise.all(versions.map(currentOf));
    newer.value = new Map(found.filter((one) => one !== null));
  });
  return newer;
}
