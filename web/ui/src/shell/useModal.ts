/** A modal dialog: open while it is mounted, and to be closed by a press outside. */
import { onBeforeUnmount, onMounted, type ShallowRef } from "vue";

export function useModal(dialog: Readonly<ShallowRef<HTMLDialogElement | null>>, close: () => void) {
  onMounted(() => {
    dialog.value?.showModal();
  });
  // Closed before it is taken away: only so does the browser give the focus back to what had it.
  onBeforeUnmount(() => {
    dialog.value?.close();
  });

  // Pressed and let go outside: the backdrop belongs to the dialog element itself.
  let pressedOutside = false;
  const pressed = (event: PointerEvent): void => {
    pressedOutside = event.target === dialog.value;
  };
  const clicked = (event: MouseEvent): void => {
    if (pressedOutside && event.target === dialog.value) close();
  };
  return { pressed, clicked };
}
