/** Self-hosted, each under the SIL Open Font License. The browser fetches the scripts it needs. */
import "@fontsource-variable/commissioner/wght.css";
import "@fontsource-variable/literata/wght.css";
import "@fontsource-variable/literata/wght-italic.css";
import "@fontsource/yeseva-one/400.css";
