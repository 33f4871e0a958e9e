// @ts-check
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
 * The pages of extension-ui as browsers load them, in `<outFolder>`: `<page>.js` and `<page>.css` for each page, what
 * pages share and what is loaded only when it is used in chunks/, fonts as files. Throws on anything esbuild warns of.
 * @param {{ readonly pages: readonly string[], readonly projectFolder: string, readonly outFolder: string }} wanted
 * @returns {Promise<{ readonly bytes: number, readonly files: readonly string[] }>} the bytes of the scripts, and the
 *   files in them, relative to the project's folder, with `/`
 */
export async function bundleHub({ pages, projectFolder, outFolder }) {
  const { metafile, warnings } = await build({
    absWorkingDir: projectFolder,
    entryPoints: pages.map((page) => ({ in: `extension-ui/${page}.tsx`, out: page })),
    outdir: outFolder,
    bundle: true,
    splitting: true,
    minify: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    jsx: "transform",
    chunkNames: "chunks/[name]-[hash]",
    assetNames: "fonts/[name]-[hash]",
    loader: { ".woff": "file", ".woff2": "file" },
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [withoutNode],
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
  });
  if (warnings.length > 0) {
    throw new Error(warnings.map(({ text, location }) => `${location?.file ?? "hub"}: ${text}`).join("\n"));
  }
  const scripts = Object.entries(metafile.outputs).filter(([name]) => name.endsWith(".js"));
  return {
    bytes: scripts.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    files: Object.keys(metafile.inputs).map((file) => file.split(path.sep).join("/")),
  };
}
