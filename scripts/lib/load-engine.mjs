// @ts-check
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const projectFolder = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Bundles TypeScript modules of the project with everything of ours that they import, and loads them as one module
 * with the exports of all; packages stay imports. Load everything in one call: two calls give two copies of what
 * both import, and `instanceof` does not hold between them.
 * @param {...string} entries relative to the project's folder, e.g. `engine/crypto/keys.ts`
 * @returns {Promise<any>} the module
 */
export async function loadEngine(...entries) {
  const folder = await bundleFolder();
  try {
    const outfile = path.join(folder, "engine.mjs");
    await build({
      absWorkingDir: projectFolder,
      stdin: {
        contents: entries.map((entry) => `export * from ${JSON.stringify(`./${entry}`)};`).join("\n"),
        resolveDir: projectFolder,
        sourcefile: "entries.ts",
        loader: "ts",
      },
      outfile,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
      sourcemap: "inline",
      logLevel: "error",
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Below node_modules, so that the bundle finds the packages it imports. */
async function bundleFolder() {
  const cache = path.join(projectFolder, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  return mkdtemp(path.join(cache, "engine-"));
}
