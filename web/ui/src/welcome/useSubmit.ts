/** A form's sending: once at a time, with the server's refusal in words. */
import { ref } from "vue";
import { troubleRef } from "../wire/rest";

export function useSubmit(send: () => Promise<void>) {
  const isBusy = ref(false);
  const trouble = troubleRef();

  async function submit(): Promise<void> {
    if (isBusy.value) return;
    isBusy.value = true;
    trouble.value = "";
    try {
      await send();
    } catch (error) {
      trouble.value = error;
    } finally {
      isBusy.value = false;
    }
  }

  return { isBusy, trouble, submit };
}
