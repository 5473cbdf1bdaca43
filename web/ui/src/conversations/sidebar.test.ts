import { expect, test, vi } from "vitest";
import { nextTick } from "vue";
import { find, mount } from "../testing/mount";
import SearchDialog from "../search/SearchDialog.vue";
import ConversationSidebar from "./ConversationSidebar.vue";

test("the sidebar stands, with its search and the menu of the list", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("[]")));
  const root = mount(ConversationSidebar, { current: "", isOpen: false });
  await nextTick();
  expect(find(root, ".find").textContent).toContain("Search");
  find(root, ".tools .popover > button").click();
  await nextTick();
  expect(root.querySelectorAll(".tools a[download]")).toHaveLength(3);
});

test("the search stands, and says what it looks through", async () => {
  HTMLDialogElement.prototype.showModal = vi.fn();
  mount(SearchDialog);
  await nextTick();
  expect(find(document, "[role=combobox]").getAttribute("aria-controls")).toBe("found");
  expect(find(document, ".told").textContent).toContain("messages");
});
