/** Who has an account, for the owner. */
import { defineStore } from "pinia";
import { computed, shallowRef } from "vue";
import type { AccountFacts, AccountMade, NewRole } from "../wire/protocol";
import { rest, troubleRef } from "../wire/rest";

export const usePeople = defineStore("people", () => {
  const list = shallowRef<readonly AccountFacts[] | null>(null);
  const trouble = troubleRef();
  const isAlone = computed(() => list.value?.length === 1);

  async function take(answer: Promise<readonly AccountFacts[]>): Promise<void> {
    try {
      list.value = await answer;
      trouble.value = "";
    } catch (error) {
      trouble.value = error;
    }
  }

  const load = (): Promise<void> => take(rest.people());
  const give = (account: AccountFacts, role: NewRole["role"]): Promise<void> => take(rest.setRole(account.id, { role }));

  /** Throws UnreachableError or RefusedError. */
  async function add(name: string): Promise<AccountMade> {
    const made = await rest.addPerson({ name });
    list.value = [...(list.value ?? []), made.account];
    return made;
  }

  return { list, trouble, isAlone, load, give, add };
});
