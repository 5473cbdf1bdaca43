/** Who is here: the owner's first visit, the login and its end. */
import { defineStore } from "pinia";
import { computed, ref, watch } from "vue";
import type { FirstVisit, Login, Me } from "../wire/protocol";
import { rest } from "../wire/rest";
import { useWire } from "../wire/useWire";

export const useSession = defineStore("session", () => {
  const me = ref<Me | null>(null);
  const isIn = computed(() => me.value !== null && me.value.user !== null);
  const isOwner = computed(() => me.value?.role === "owner");
  /** Keeps the queue: an admin, or the owner. */
  const isAdmin = computed(() => isOwner.value || me.value?.role === "admin");
  const name = computed(() => me.value?.user_name ?? "");

  // The owner may give another role at any time, also while there is no connection.
  const wire = useWire();
  watch(
    () => wire.role,
    (role) => {
      if (me.value && role !== "") me.value = { ...me.value, role };
    },
    { flush: "sync" },
  );

  /** Ask the server who we are. Throws UnreachableError or RefusedError. */
  async function load(): Promise<void> {
    me.value = await rest.me();
  }

  async function setUp(visit: FirstVisit): Promise<void> {
    me.value = await rest.setUp(visit);
  }

  async function logIn(login: Login): Promise<void> {
    me.value = await rest.logIn(login);
  }

  async function logOut(): Promise<void> {
    await rest.logOut();
    await load();
  }

  return { me, isIn, isOwner, isAdmin, name, load, setUp, logIn, logOut };
});
