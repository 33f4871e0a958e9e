/** Level `content` of a Git stream: put the chain together with plain git, check it, compare the refs. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeError, hasCode } from "../foundation/errors.ts";
import type { StreamReader } from "../vault/stream-reader.ts";
import { gitStateOf } from "./git-repositories-plan.ts";
import type { Finding, VerifyTools } from "./kind.ts";

export async function* verifyRepository(stream: StreamReader, tools: VerifyTools): AsyncGenerator<Finding> {
  const state = await gitStateOf(stream);
  const folder = await mkdtemp(join(tools.temporaryFolder, "verify-"));
  try {
    const refs = Object.fromEntries(Object.entries(state.refs).map(([name, [oid]]) => [name, oid]));
    await tools.git.assemble(folder, { hash: state.hash, bundles: bundlesOf(stream), refs, head: state.head });
    for (const problem of await tools.git.check(folder)) yield damage(state.s, "GIT_FSCK", problem);
  } catch (error) {
    if (!hasCode(error, "GIT_DAMAGED", "OBJECT_DAMAGED", "OBJECT_MISSING", "SEALED_DAMAGED")) throw error;
    yield damage(state.s, error.code, describeError(error));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* bundlesOf(stream: StreamReader): AsyncGenerator<AsyncIterable<Uint8Array>> {
  for await (const bundle of stream.bundles()) yield bundle.chunks;
}

function damage(stream: string, code: string, message: string): Finding {
  return { stream, code, message, severity: "damage" };
}
