/// <reference types="vitest/config" />
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

// `npm run dev` shows the page with hot reload, in front of a node that runs already.
const NODE = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [vue()],
  define: { __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the security policy of the node lets no data: address in
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/api": { target: NODE, changeOrigin: true, headers: { origin: NODE } },
      "/ws": { target: NODE, ws: true, changeOrigin: true, headers: { origin: NODE } },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    restoreMocks: true,
    env: { TZ: "UTC" },
  },
});
