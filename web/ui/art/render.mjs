// Draws the pictures of the product from their SVG sources: `npm run portraits`.
//
//   web/starter/art/NAME.svg   -> web/starter/NAME.webp, 640 × 800
//   web/ui/art/tea-table.svg   -> web/ui/src/welcome/tea-table.webp
//   web/ui/public/favicon.svg  -> web/ui/public/icon-192.png, icon-512.png
//
// Chromium draws them, so that filters and gradients look as they do in a browser. CHROMIUM names it where it
// is not /usr/bin/chromium.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const portraits = readdirSync(path("../../starter/art/")).filter((name) => name.endsWith(".svg"));
const drawings = [
  ...portraits.map((name) => ({
    from: path(`../../starter/art/${name}`),
    to: path(`../../starter/${name.replace(".svg", ".webp")}`),
    width: 640,
    height: 800,
  })),
  { from: path("tea-table.svg"), to: path("../src/welcome/tea-table.webp"), width: 1000, height: 1250 },
  { from: path("../public/favicon.svg"), to: path("../public/icon-192.png"), width: 192, height: 192 },
  { from: path("../public/favicon.svg"), to: path("../public/icon-512.png"), width: 512, height: 512 },
];

// In the page: the drawing on a canvas, and that as the bytes of a picture, in base64.
async function draw({ svg, type, width, height }) {
  const image = new Image();
  image.src = `data:image/svg+xml;base64,${svg}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(image, 0, 0, width, height);
  return canvas.toDataURL(type, 0.88).split(",")[1];
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
try {
  const page = await browser.newPage();
  for (const { from, to, width, height } of drawings) {
    const type = to.endsWith(".webp") ? "image/webp" : "image/png";
    const bytes = await page.evaluate(draw, { svg: readFileSync(from).toString("base64"), type, width, height });
    writeFileSync(to, Buffer.from(bytes, "base64"));
    console.log(`${to} (${Math.round((bytes.length * 0.75) / 1024)} KB)`);
  }
} finally {
  await browser.close();
}
