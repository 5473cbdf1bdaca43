import { createRouter, createWebHistory } from "vue-router";
import GalleryScreen from "./gallery/GalleryScreen.vue";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/", name: "gallery", component: GalleryScreen },
    // The chat brings the markdown renderer with it: fetched when it is first needed.
    { path: "/c/:id", name: "chat", component: () => import("./chat/ChatScreen.vue"), props: true },
    { path: "/lorebooks", name: "lorebooks", component: () => import("./lore/LorebooksScreen.vue") },
    { path: "/lorebooks/:id", name: "lorebook", component: () => import("./lore/LorebookScreen.vue"), props: true },
    { path: "/personas", name: "personas", component: () => import("./personas/PersonasScreen.vue") },
    { path: "/characters/new", name: "new-character", component: () => import("./editor/EditorScreen.vue") },
    {
      path: "/characters/:id/edit",
      name: "edit-character",
      component: () => import("./editor/EditorScreen.vue"),
      props: true,
    },
    { path: "/boxes", name: "boxes", component: () => import("./boxes/BoxesScreen.vue") },
    { path: "/people", name: "people", component: () => import("./people/PeopleScreen.vue") },
    { path: "/queue", name: "queue", component: () => import("./queue/QueueScreen.vue") },
    { path: "/:rest(.*)*", name: "lost", component: () => import("./shell/LostScreen.vue") },
  ],
  // What opens over a page, and is told by the query alone, leaves the page where it is.
  scrollBehavior: (to, from, saved) => saved ?? (to.path !== from.path && { top: 0 }),
});
