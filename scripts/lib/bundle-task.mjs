// @ts-check
import path from "node:path";
import { build } from "esbuild";

/**
 * Packages in a task's bundle may be ES modules that ask where they are; a CommonJS file has no `import.meta`, so
 * they are told by this constant.
 */
const importMetaUrl = "bundleFileUrl";

/**
 * One task, with everything it imports, as one minified CommonJS file that needs no node_modules.
 * @param {{ readonly entry: string, readonly outfile: string, readonly projectFolder: string }} task
 * @returns {Promise<readonly string[]>} the files of the bundle, relative to the project's folder, with `/`
 */
export async function bundleTask({ entry, outfile, projectFolder }) {
  const { metafile, warnings } = await build({
    absWorkingDir: projectFolder,
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    keepNames: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    banner: { js: `const ${importMetaUrl}=require("node:url").pathToFileURL(__filename).href;` },
    define: { "import.meta.url": importMetaUrl },
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
  });
  if (warnings.length > 0) {
    throw new Error(warnings.map(({ text, location }) => `${location?.file ?? entry}: ${text}`).join("\n"));
  }
  const files = Object.keys(metafile.inputs).map((file) => file.split(path.sep).join("/"));
  // It keeps its state in the module: two copies would each see half of it.
  const libraries = files.filter((file) => file.endsWith("azure-pipelines-task-lib/task.js"));
  if (libraries.length !== 1)
    throw new Error(`${entry} bundles ${libraries.length} copies of azure-pipelines-task-lib`);
  return files;
}
