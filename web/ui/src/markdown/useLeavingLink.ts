/** A link in a message shows where it leads before it opens. One question at a time, for the whole page. */
import { ref } from "vue";

const address = ref("");

export function useLeavingLink() {
  return {
    address,
    ask: (url: string): void => {
      address.value = url;
    },
    leave: (): void => {
      window.open(address.value, "_blank", "noopener,noreferrer");
      address.value = "";
    },
    stay: (): void => {
      address.value = "";
    },
  };
}
