// @ts-check
import { existsSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

/**
 * Packages in a task's bundle may be ES modules that ask where they are; a CommonJS file has no `import.meta`, so
 * they are told by this constant.
 */
const importMetaUrl = "bundleFileUrl";

/**
 * azure-devops-node-api loads a typed client for every area of Azure DevOps as soon as it is imported: 20 MB of memory
 * in each task. We use none of them (docs/decisions/0005), so the bundles hold an empty module in their place.
 * @type {import("esbuild").Plugin}
 */
const withoutTypedClients = {
  name: "without typed clients",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/\w+Api$/ }, ({ importer, path: wanted }) =>
      /azure-devops-node-api[\\/]WebApi\.js$/.test(importer) ? { path: wanted, namespace: "typed-client" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "typed-client" }, () => ({ contents: "module.exports = {};", loader: "js" }));
  },
};

/**
 * Each task, with everything it imports, as one minified CommonJS file that needs no node_modules:
 * `<outFolder>/<task>/index.js`; what a task has to do after the job, in `cleanup.js`. Files that several tasks import are read once.
 * @param {{ readonly tasks: readonly string[], readonly projectFolder: string, readonly outFolder: string }} wanted
 * @returns {Promise<readonly { readonly task: string, readonly bytes: number, readonly files: readonly string[] }[]>}
 *   with the files of each bundle, relative to the project's folder, with `/`
 */
export async function bundleTasks({ tasks, projectFolder, outFolder }) {
  const { metafile, warnings } = await build({
    absWorkingDir: projectFolder,
    entryPoints: tasks.flatMap((task) => [
      { in: `tasks/${task}/index.ts`, out: `${task}/index` },
      ...(existsSync(path.join(projectFolder, "tasks", task, "cleanup.ts"))
        ? [{ in: `tasks/${task}/cleanup.ts`, out: `${task}/cleanup` }]
        : []),
    ]),
    outdir: outFolder,
    bundle: true,
    minify: true,
    keepNames: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    banner: { js: `const ${importMetaUrl}=require("node:url").pathToFileURL(__filename).href;` },
    define: { "import.meta.url": importMetaUrl },
    plugins: [withoutTypedClients],
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
  });
  if (warnings.length > 0) {
    throw new Error(warnings.map(({ text, location }) => `${location?.file ?? "bundle"}: ${text}`).join("\n"));
  }
  const bundles = Object.entries(metafile.outputs).filter(([output]) => path.basename(output) === "index.js");
  return bundles.map(([output, { bytes, inputs }]) => {
    const task = path.basename(path.dirname(output));
    const files = Object.keys(inputs)
      .filter((file) => !file.startsWith("typed-client:"))
      .map((file) => file.split(path.sep).join("/"));
    // It keeps its state in the module: two copies would each see half of it.
    const libraries = files.filter((file) => file.endsWith("azure-pipelines-task-lib/task.js"));
    if (libraries.length !== 1) throw new Error(`${task} has ${libraries.length} copies of azure-pipelines-task-lib`);
    return { task, bytes, files };
  });
}
