// @ts-check
import { mkdir, rm, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import path from "node:path";
import { build } from "esbuild";

const nodeModules = new Set(builtinModules);

/**
 * A browser has no modules of Node: an import of one would fail only when the page is opened. (`intersection-observer`
 * and the like are packages of the same kind of name, and pass.)
 * @type {import("esbuild").Plugin}
 */
const withoutNode = {
  name: "without Node",
  setup({ onResolve }) {
    onResolve({ filter: /^(node:.*|[a-z_/]+)$/ }, ({ path: wanted, importer }) =>
      wanted.startsWith("node:") || nodeModules.has(wanted)
        ? { errors: [{ text: `${wanted} is part of Node, and ${path.basename(importer)} runs in browsers` }] }
        : undefined,
    );
  },
};

/**
 * What browsers that Azure DevOps supports have themselves (azure-devops-ui fills in for older ones), and what the
 * format of vaults never uses (age-encryption's keys against quantum computers and for hardware): a fifth of the code.
 * Whatever would use it all the same finds nothing there and fails.
 */
const leftOut = {
  "azure-devops-ui": { filter: /\/CommonImports$/, exports: /** @type {readonly string[]} */ ([]) },
  "age-encryption": { filter: /^@noble\/post-quantum\/hybrid\.js$/, exports: ["MLKEM768P256", "MLKEM768X25519"] },
  "age-encryption's tags": { filter: /^@noble\/curves\/nist\.js$/, exports: ["p256"] },
};

/** @type {import("esbuild").Plugin} */
const withoutUnused = {
  name: "without unused",
  setup({ onResolve, onLoad }) {
    for (const { filter, exports } of Object.values(leftOut)) {
      onResolve({ filter }, ({ path: wanted }) => ({
        path: wanted,
        namespace: "left-out",
        pluginData: exports,
        sideEffects: false,
      }));
    }
    onLoad({ filter: /.*/, namespace: "left-out" }, ({ pluginData }) => ({
      contents: pluginData.map((/** @type {string} */ name) => `export const ${name} = undefined;`).join("\n"),
      loader: "js",
    }));
  },
};

/**
 * The pages of extension-ui as browsers load them, in `<outFolder>`: `<page>.js` and `<page>.css` for each page, what
 * pages share and what is loaded only when it is used in chunks/, fonts as files; nothing else stays there. Throws on anything esbuild warns of.
 * @param {{ readonly pages: readonly string[], readonly projectFolder: string, readonly outFolder: string }} wanted
 * @returns {Promise<{ readonly bytes: number, readonly files: readonly string[] }>} the bytes of the scripts, and the
 *   files in them, relative to the project's folder, with `/`
 */
export async function bundleHub(wanted) {
  const scripts = await bundle(wanted, true);
  // A part that is loaded later brings its script along, not its styles: those of all parts come with the page.
  const styles = await bundle(wanted, false);
  const outputs = [
    ...scripts.outputFiles.filter(({ path: name }) => name.endsWith(".js")),
    ...styles.outputFiles.filter(({ path: name }) => !name.endsWith(".js")),
  ];
  // Only now: who looks at the pages meanwhile still finds the old ones.
  await rm(wanted.outFolder, { recursive: true, force: true });
  for (const { path: file, contents } of outputs) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  return {
    bytes: outputs.reduce((sum, { path: name, contents }) => sum + (name.endsWith(".js") ? contents.length : 0), 0),
    files: Object.keys(scripts.metafile.inputs)
      .filter((file) => !file.startsWith("left-out:"))
      .map((file) => file.split(path.sep).join("/")),
  };
}

/**
 * @param {Parameters<typeof bundleHub>[0]} wanted
 * @param {boolean} splitting
 */
async function bundle({ pages, projectFolder, outFolder }, splitting) {
  const result = await build({
    absWorkingDir: projectFolder,
    entryPoints: pages.map((page) => ({ in: `extension-ui/${page}.tsx`, out: page })),
    outdir: outFolder,
    bundle: true,
    splitting,
    minify: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    jsx: "transform",
    chunkNames: "chunks/[name]-[hash]",
    assetNames: "fonts/[name]-[hash]",
    loader: { ".woff": "file", ".woff2": "file" },
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [withoutNode, withoutUnused],
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const { warnings } = result;
  if (warnings.length > 0) {
    throw new Error(warnings.map(({ text, location }) => `${location?.file ?? "hub"}: ${text}`).join("\n"));
  }
  return result;
}
