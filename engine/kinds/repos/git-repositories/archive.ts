import { stringAt } from "../../../foundation/json.ts";
import { counted, inert } from "../../../foundation/text.ts";
import { gitStateOf } from "./plan.ts";
import type { ArchiveFolder, Selection } from "../../kind.ts";
import { filesOf } from "../../../vault/format/stream-ids.ts";

/** A repository as files: its bundles, its refs, its LFS objects, and how to put them together. */
export async function archiveRepository(selection: Selection, into: ArchiveFolder): Promise<void> {
  const state = await gitStateOf(selection.stream);
  const name = stringAt(state.detail ?? {}, "name") ?? state.s;
  const folder = into.folder(`repositories/${name}`);
  let number = 0;
  for await (const bundle of selection.stream.bundles()) {
    number += 1;
    await into.write(`${folder}/${String(number).padStart(4, "0")}.bundle`, bundle.chunks);
  }
  await into.write(`${folder}/refs.json`, `${JSON.stringify({ head: state.head, refs: state.refs }, undefined, 2)}\n`);
  const refs = Object.entries(state.refs).map(([ref, [oid]]) => `create ${ref} ${oid}\n`);
  if (refs.length > 0) await into.write(`${folder}/refs.txt`, refs.join(""));
  await into.write(
    `${folder}/README.txt`,
    archiveReadme(name, { bundles: number, hash: state.hash, head: state.head }),
  );
  const files = await into.sibling(filesOf(selection.stream.line.s));
  if (files === undefined) return;
  for await (const file of files.files()) await into.write(`${folder}/lfs/${file.id}`, file.chunks);
}

interface Facts {
  readonly bundles: number;
  readonly hash: string;
  readonly head: string | null;
}

function archiveReadme(name: string, { bundles, hash, head }: Facts): string {
  const numbers = Array.from({ length: bundles }, (_, index) => String(index + 1).padStart(4, "0"));
  return [
    `Repository ${inert(name)}, as ${counted(bundles, "Git bundle")}. To put it together, open a shell in this folder (on Windows: Git Bash):`,
    "",
    `    git init --bare --object-format=${hash} repository.git`,
    ...numbers.map(
      (number) => `    git -C repository.git fetch --no-tags ../${number}.bundle '+refs/*:refs/seg/${number}/*'`,
    ),
    ...(bundles === 0 ? [] : ["    git -C repository.git update-ref --stdin < refs.txt"]),
    "    git -C repository.git for-each-ref --format='delete %(refname)' refs/seg | git -C repository.git update-ref --stdin",
    ...(head === null ? [] : [`    git -C repository.git symbolic-ref HEAD ${shellQuoted(head)}`]),
    "    git -C repository.git fsck --full --strict",
    "",
    "Then push it: git -C repository.git push --mirror <address of an empty repository>",
    "LFS objects, when there is a folder lfs, belong into the repository, too:",
    "",
    `    for file in lfs/*; do oid="\${file#lfs/}"; to="repository.git/lfs/objects/\${oid:0:2}/\${oid:2:2}"; mkdir -p "$to" && cp "$file" "$to/"; done`,
    "",
  ].join("\n");
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
