/** The browser that the hub's tests drive. In CI a missing one is an error; elsewhere a line says what does not run. */
import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";
import { describe } from "vitest";

const file = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const isThere = existsSync(file);

if (!isThere) {
  if (process.env.CI !== undefined) throw new Error(`Chromium is not at ${file}; CI needs it (CHROMIUM_PATH)`);
  console.log(`Chromium is not at ${file} (CHROMIUM_PATH): the tests of the hub in a browser do not run here`);
}

/** A `describe` whose tests need the browser. */
export const describeInChromium = describe.skipIf(!isThere);

export async function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: file, args: ["--no-sandbox"] });
}
