/** Puts a component on a page of its own, with its stores and router; takes all of it away after the test. */
import { createPinia, setActivePinia } from "pinia";
import { onTestFinished } from "vitest";
import { createApp, h, type Component } from "vue";
import { createMemoryHistory, createRouter } from "vue-router";

export function mount(component: Component, props: Record<string, unknown> = {}): HTMLElement {
  const pinia = createPinia();
  setActivePinia(pinia);
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: "/", name: "gallery", component: { render: () => h("i") } },
      { path: "/characters/new", name: "new-character", component: { render: () => h("i") } },
      { path: "/characters/:id/edit", name: "edit-character", component: { render: () => h("i") } },
      { path: "/personas", name: "personas", component: { render: () => h("i") } },
      { path: "/boxes", name: "boxes", component: { render: () => h("i") } },
      { path: "/people", name: "people", component: { render: () => h("i") } },
      { path: "/queue", name: "queue", component: { render: () => h("i") } },
      { path: "/lorebooks", name: "lorebooks", component: { render: () => h("i") } },
      { path: "/lorebooks/:id", name: "lorebook", component: { render: () => h("i") } },
      { path: "/c/:id", name: "chat", component: { render: () => h("i") } },
    ],
  });
  const root = document.createElement("div");
  document.body.append(root);
  const app = createApp({ render: () => h(component, props) });
  app.use(pinia).use(router).mount(root);
  onTestFinished(() => {
    app.unmount();
    root.remove();
  });
  return root;
}

// The caller knows what the selector matches.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export function find<Type extends Element = HTMLElement>(root: ParentNode, selector: string): Type {
  const found = root.querySelector<Type>(selector);
  if (!found) throw new Error(`nothing matches ${selector}`);
  return found;
}
