/** The title of the tab says where one is and what goes on. */
import { onBeforeUnmount, watchEffect } from "vue";
import { words } from "../messages/words";

export function useDocumentTitle(title: () => string): void {
  watchEffect(() => {
    const text = title();
    document.title = text ? `${text} · ${words.product}` : words.product;
  });
  onBeforeUnmount(() => {
    document.title = words.product;
  });
}
