// Drives Chromium for the tests: one JSON command a line on stdin, one JSON answer a line on stdout.
//
//   {"do": "context", "width", "height", "dark", "touch", "locale"}  -> number of the context
//   {"do": "page", "context"}                                        -> number of the page
//   {"do": "call", "page", "selector"?, "method", "args"}            -> what Playwright's page or locator says
//   {"do": "wait", "page", "expression"}                             -> true, as soon as it holds in the page
//   {"do": "axe", "page"}                                            -> violations of the accessibility rules
//   {"do": "complaints", "page"}                                     -> errors of the page and of its console
//   {"do": "lifecycle", "page", "state"}                             -> null; frozen, or active again
//   {"do": "metrics", "page"}                                        -> the debugger's figures, after a collection
//   {"do": "offline", "context", "is"}                               -> null
//   {"do": "close_context", "context"}                               -> null
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../../web/ui/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const WAIT_MS = 90_000;
const FLAGS = [
  "--no-sandbox", // in a container there is none to be had
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--disable-component-update",
  "--disable-background-networking",
  "--no-first-run",
];

const browser = await chromium.launch({ executablePath: process.argv[2], args: FLAGS });
const contexts = [];
const pages = [];

const commands = {
  async context({ width, height, dark, touch, locale }) {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      hasTouch: touch,
      isMobile: touch,
      deviceScaleFactor: touch ? 2 : 1,
      locale,
    });
    context.setDefaultTimeout(WAIT_MS);
    return contexts.push(context) - 1;
  },
  async page({ context }) {
    const page = await contexts[context].newPage();
    const complaints = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error.stack ?? error)));
    return pages.push({ page, complaints }) - 1;
  },
  async call({ page, selector, method, args }) {
    const target = selector === null ? pages[page].page : pages[page].page.locator(selector);
    const value = await target[method](...args);
    return ["string", "number", "boolean"].includes(typeof value) || Array.isArray(value) ? value : null;
  },
  // Playwright's waitForFunction evaluates a string within the page, which its security policy forbids.
  wait: ({ page, expression }) =>
    pages[page].page.evaluate(`new Promise((resolve, reject) => {
      const end = performance.now() + ${WAIT_MS};
      const look = () => {
        if (${expression}) resolve(true);
        else if (performance.now() > end) reject(new Error(${JSON.stringify(`never: ${expression}`)}));
        else setTimeout(look, 20);
      };
      look();
    })`),
  // The rules run in an isolated world of the debugger: the page's security policy stays in force.
  async axe({ page }) {
    if (!(await pages[page].page.evaluate(() => "axe" in globalThis))) await pages[page].page.evaluate(axe);
    return pages[page].page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
      return violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map((node) => `${node.html} ${node.failureSummary}`) }));
    });
  },
  complaints: ({ page }) => pages[page].complaints.splice(0),
  async lifecycle({ page, state }) {
    const target = pages[page].page;
    const debuggers = await target.context().newCDPSession(target);
    await debuggers.send("Page.setWebLifecycleState", { state });
    await debuggers.detach();
    return null;
  },
  async metrics({ page }) {
    const { page: target, meter } = pages[page];
    const debuggers = meter ?? (await target.context().newCDPSession(target)); // it counts from its beginning
    pages[page].meter = debuggers;
    await debuggers.send("HeapProfiler.collectGarbage");
    await debuggers.send("Performance.enable", { timeDomain: "threadTicks" }); // processor time, not the clock's
    const { metrics } = await debuggers.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  },
  offline: ({ context, is }) => contexts[context].setOffline(is).then(() => null),
  close_context: ({ context }) => contexts[context].close().then(() => null),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = { value: await commands[command.do](command) };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
