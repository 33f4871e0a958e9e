// @ts-check
/**
 * Compiles engine/git/inflate/inflate.as to WebAssembly and writes it, in base64, as inflate-module.ts. Run it by hand
 * after a change and commit both; a test compiles again and compares.
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

// A name the type checker does not follow: the package declares its own globals, which would then hold everywhere.
const compiler = "assemblyscript/asc";
const folder = fileURLToPath(new URL("../engine/git/inflate/", import.meta.url));

/**
 * The text of inflate-module.ts.
 * @returns {Promise<string>}
 */
export async function inflateModule() {
  /** @type {Uint8Array | undefined} */
  let binary;
  const source = await readFile(path.join(folder, "inflate.as"), "utf8");
  const options = ["-O3", "--converge", "--runtime", "stub", "--noAssert", "--enable", "simd"];
  const { default: asc } = await import(compiler);
  const { error, stderr } = await asc.main(["inflate.ts", "--outFile", "inflate.wasm", ...options], {
    // The compiler knows no other extension; as .ts the file would be taken for TypeScript by everybody else.
    readFile: (/** @type {string} */ name) => (name === "inflate.ts" ? source : null),
    writeFile(/** @type {string} */ name, /** @type {Uint8Array | string} */ contents) {
      if (name === "inflate.wasm" && typeof contents !== "string") binary = contents;
    },
  });
  if (error !== null || binary === undefined) throw error ?? new Error(`nothing came out: ${stderr.toString()}`);
  return [
    "/** Made by scripts/make-inflate.mjs from inflate.as: WebAssembly in base64. */",
    "export const inflateModule =",
    `  "${Buffer.from(binary).toString("base64")}";`,
    "",
  ].join("\n");
}

if (process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === import.meta.url)
  await writeFile(path.join(folder, "inflate-module.ts"), await inflateModule());
