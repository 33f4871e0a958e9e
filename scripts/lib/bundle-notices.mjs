// @ts-check
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** Licences that ask for no more than their text beside the program. */
const permitted = new Set(["MIT", "ISC", "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0"]);

/**
 * Names and licence texts of the packages whose files were bundled. Throws when one has another licence than those
 * that allow this.
 * @param {Iterable<string>} files bundled files, relative to the project's folder, with `/`
 * @param {string} projectFolder
 * @returns {Promise<string>}
 */
export async function noticesOf(files, projectFolder) {
  const folders = new Set([...files].flatMap((file) => packageFolder(file) ?? []));
  const notices = await Promise.all([...folders].map((folder) => noticeOf(path.join(projectFolder, folder))));
  const unique = new Map(notices.sort((a, b) => a.title.localeCompare(b.title, "en")).map((one) => [one.title, one]));
  const intro = "The tasks and the hub contain the following packages, under their own licences.\n";
  return [intro, ...[...unique.values()].map(({ title, text }) => `${"-".repeat(80)}\n${title}\n\n${text}\n`)].join(
    "\n",
  );
}

/** @param {string} file */
function packageFolder(file) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** @param {string} folder */
async function noticeOf(folder) {
  const facts = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  const licence = typeof facts.license === "string" ? facts.license : facts.license?.type;
  if (!permitted.has(licence)) throw new Error(`${facts.name} ${facts.version} has the licence ${licence ?? "(none)"}`);
  const names = await readdir(folder);
  const name = names.find((candidate) => /^(licen[cs]e|copying)/i.test(candidate));
  const text = name === undefined ? authorOf(facts.author) : await readFile(path.join(folder, name), "utf8");
  return { title: `${facts.name} ${facts.version} (${licence})`, text: text.trim() };
}

/** @param {unknown} author a package names its author as a text or as an object */
function authorOf(author) {
  if (typeof author === "string") return `Copyright ${author}`;
  return author instanceof Object && "name" in author ? `Copyright ${String(author.name)}` : "";
}
