import { createPinia } from "pinia";
import { createApp } from "vue";
import "./styles/fonts";
import "./styles/tokens.css";
import "./styles/base.css";
import App from "./App.vue";
import { settleLanguage } from "./messages/language";
import { router } from "./router";

await settleLanguage();
createApp(App).use(createPinia()).use(router).mount("#app");
