/** dist/hub as `npm run build` has made it. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const folder = join("dist", "hub");
const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));

/** What the browser loads before the page's own code runs: its static imports and theirs. */
function loadedAtStart(page: string): ReadonlySet<string> {
  const loaded = new Set<string>();
  const visit = (name: string): void => {
    if (loaded.has(name)) return;
    loaded.add(name);
    const text = textOf(name);
    for (const [, specifier = ""] of text.matchAll(/\b(?:from|import)"(\.{1,2}\/[^"]+)"/g))
      visit(relative(folder, join(folder, dirname(name), specifier)));
  };
  visit(page);
  return loaded;
}

function textOf(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

function bytesOf(names: Iterable<string>): number {
  return [...names].reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
}

/** A text that only the sign-in library has. */
const signInLibrary = "msal.js.browser";

describe("the hub's bundle", () => {
  it("loads at most 600 kB of script before it shows something", () => {
    const loaded = loadedAtStart("hub.js");

    expect(loaded.size).toBeGreaterThan(1);
    expect(bytesOf(loaded)).toBeLessThanOrEqual(600_000);
    expect(bytesOf(loadedAtStart("report-tab.js"))).toBeLessThanOrEqual(600_000);
  });

  it("loads the sign-in library only when somebody signs in to storage", () => {
    const parts = scripts.filter((name) => textOf(name).includes(signInLibrary));
    const early = [...loadedAtStart("hub.js"), ...loadedAtStart("report-tab.js")];

    expect(parts.length).toBeGreaterThan(0);
    expect(parts.filter((name) => early.includes(name))).toEqual([]);
  });

  it("is React's production build, without source maps", () => {
    const wrong = scripts.filter((name) => /react-dom\.development|sourceMappingURL=/.test(textOf(name)));

    expect(wrong).toEqual([]);
  });

  it("builds no code from text, which the pages' policy forbids", () => {
    const wrong = scripts.filter((name) => /\beval\(|new Function\(/.test(textOf(name)));

    expect(wrong).toEqual([]);
  });

  it("takes fonts and styles from its own folder only", () => {
    for (const page of ["hub.css", "report-tab.css"]) {
      const addresses = [...textOf(page).matchAll(/url\(["']?([^"')]+)/g)].map(([, address = ""]) => address);

      expect(addresses.filter((address) => !/^\.\/fonts\/|^data:/.test(address))).toEqual([]);
      expect(textOf(page)).not.toContain("@import");
    }
  });
});
