import { stringAt } from "../foundation/json.ts";
import { gitStateOf } from "./git-repositories-plan.ts";
import type { ArchiveFolder, Selection } from "./kind.ts";

/** A repository as files: its bundles, its refs, its LFS objects, and how to put them together. */
export async function archiveRepository(selection: Selection, into: ArchiveFolder): Promise<void> {
  const state = await gitStateOf(selection.stream);
  const name = stringAt(state.detail ?? {}, "name") ?? state.s;
  let number = 0;
  for await (const bundle of selection.stream.bundles()) {
    number += 1;
    await into.write(`repositories/${name}/${String(number).padStart(4, "0")}.bundle`, bundle.chunks);
  }
  await into.write(
    `repositories/${name}/refs.json`,
    `${JSON.stringify({ head: state.head, refs: state.refs }, undefined, 2)}\n`,
  );
  await into.write(`repositories/${name}/README.txt`, archiveReadme(name, number));
  const files = await into.sibling(`${selection.stream.line.s}/files`);
  if (files === undefined) return;
  for await (const file of files.files()) await into.write(`repositories/${name}/lfs/${file.id}`, file.chunks);
}

function archiveReadme(name: string, bundles: number): string {
  return [
    `Repository ${name}: ${bundles} Git bundles, oldest first. To put it together:`,
    "",
    "  git init --bare repository.git",
    "  for each bundle, in order:",
    "    git -C repository.git fetch --no-tags ../0001.bundle '+refs/*:refs/seg/0001/*'",
    "  then set the refs listed in refs.json (git update-ref <name> <oid>) and delete refs/seg.",
    "",
    "Files in lfs/ belong into lfs/objects/<first two>/<next two>/<name> of the repository.",
    "",
  ].join("\n");
}
