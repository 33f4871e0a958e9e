// @ts-check
/**
 * Draws the icons: images/icon.svg and the PNGs that Azure DevOps wants (128 px for the extension, 32 px for each
 * task). Run it by hand after a change and commit what it makes; needs Chromium (CHROMIUM_PATH or /usr/bin/chromium).
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const projectFolder = fileURLToPath(new URL("../", import.meta.url));
const paper = "#ffffff";
const ink = "#0f6cbd";

/** What stands above the box, on a grid of 32. */
const signs = {
  backUp: `<path d="M16 3.2v7.6M12 7 16 11l4-4"/>`,
  restore: `<path d="M9.8 7.2h9.4a3.2 3.2 0 0 1 3.2 3.2v.8M13 3.6 9.4 7.2 13 10.8"/>`,
  verify: `<path d="m10.4 7.2 4 4 7.4-7.4"/>`,
};

/**
 * A tile with a box that keeps things, and a sign above it.
 * @param {string} sign
 */
function icon(sign) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <defs>
    <linearGradient id="tile" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#2b88d8"/>
      <stop offset="1" stop-color="#0f5aa6"/>
    </linearGradient>
  </defs>
  <rect width="32" height="32" rx="6.5" fill="url(#tile)"/>
  <rect x="5" y="14" width="22" height="4" rx="1.3" fill="${paper}"/>
  <path d="M7 19h18v6.2a1.8 1.8 0 0 1-1.8 1.8H8.8A1.8 1.8 0 0 1 7 25.2z" fill="${paper}"/>
  <rect x="12" y="21" width="8" height="2" rx="1" fill="${ink}"/>
  <g fill="none" stroke="${paper}" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round">${sign}</g>
</svg>
`;
}

const drawings = [
  { svg: icon(signs.restore), file: "images/icon-128.png", size: 128 },
  { svg: icon(signs.backUp), file: "tasks/BackupProject/icon.png", size: 32 },
  { svg: icon(signs.restore), file: "tasks/RestoreItem/icon.png", size: 32 },
  { svg: icon(signs.verify), file: "tasks/VerifyBackup/icon.png", size: 32 },
];

await mkdir(path.join(projectFolder, "images"), { recursive: true });
await writeFile(path.join(projectFolder, "images/icon.svg"), icon(signs.restore));
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  for (const { svg, file, size } of drawings) await render(svg, path.join(projectFolder, file), size);
} finally {
  await browser.close();
}

/**
 * @param {string} svg
 * @param {string} file
 * @param {number} size
 */
async function render(svg, file, size) {
  const page = await browser.newPage({ viewport: { width: size, height: size }, deviceScaleFactor: 1 });
  const picture = svg.replace("<svg ", `<svg width="${size}" height="${size}" `);
  await page.setContent(`<style>html,body{margin:0;background:transparent}svg{display:block}</style>${picture}`);
  await page.screenshot({ path: file, omitBackground: true });
  await page.close();
}
