/** One checkpoint, planted with a stolen agent key, must not become the content of the runs that come after. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseAgentKey, type AgentKeys } from "../../engine/crypto/keys.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { readIndex, readState, writeIndex, writeState } from "../../engine/vault/objects/index-file.ts";
import { checkpointWriter } from "../../engine/vault/snapshots/checkpoints.ts";
import { appendEntry } from "../../engine/vault/log/append.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { sealedWriter, type SealedWriter, type VaultAccess } from "../../engine/vault/objects/sealed-objects.ts";
import { newestSnapshot } from "../../engine/vault/snapshots/snapshots.ts";
import type { GitState, IndexLine, StreamState } from "../../engine/vault/format/state.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cryptography = nodeCryptography();
const run = "20261122T180544Z-7f3a9c1e";

async function* chunksOfLines(lines: readonly IndexLine[]): AsyncGenerator<IndexLine> {
  yield* lines;
}

describe("a checkpoint planted with a stolen agent key", () => {
  let azure: TestSimulator;
  let small: SmallProject;
  let engine: Engine;
  let store: MemoryStore;
  let agent: AgentKeys;
  let access: VaultAccess;
  let web: string;

  beforeEach(async () => {
    azure = await simulator();
    small = await smallProject(azure);
    store = memoryStore();
    engine = await engineOver(azure, { store });
    await engine.backUp(small.project, { include: ["git-repositories"] });
    agent = await parseAgentKey(engine.keys.agentKey, cryptography);
    access = { store, cryptography, vault: small.project.id, identities: [agent.catalogueIdentity] };
    web = `git-repositories/${small.web.record.id}`;
  });
  afterEach(async () => {
    await engine.close();
    await azure.stop();
    await small.remove();
  });

  async function newest(): Promise<{ readonly line: IndexLine; readonly state: GitState }> {
    const entry = newestSnapshot(await readLog(access))?.entry;
    if (entry === undefined) throw new Error("no snapshot");
    const line = (await collect(readIndex(access, entry.snapshot.index))).find(({ s }) => s === web);
    if (line?.state === undefined) throw new Error("no line");
    return { line, state: (await readState(access, line.state)) as GitState };
  }

  /** The thief's: all branches are the oldest one's tip, under the digest of what the source really has. */
  async function falseState(): Promise<{ readonly line: IndexLine; readonly state: StreamState }> {
    const { line, state } = await newest();
    const [first] = Object.values(state.refs);
    if (first === undefined) throw new Error("no ref");
    const refs = Object.fromEntries(Object.keys(state.refs).map((name) => [name, first]));
    expect(refs).not.toEqual(state.refs);
    return { line, state: { ...state, refs } };
  }

  async function thiefsWriter(): Promise<SealedWriter> {
    const { keys } = await readLog(access);
    if (keys === undefined) throw new Error("no keys");
    return sealedWriter({ store, cryptography, vault: small.project.id, run, shard: "00", keys, firstNumber: 1 });
  }

  /** What an older version of this program did with such a checkpoint. */
  async function commit({ line, state }: { readonly line: IndexLine; readonly state: StreamState }): Promise<void> {
    const log = await readLog(access);
    const entry = newestSnapshot(log)?.entry;
    if (entry === undefined) throw new Error("no snapshot");
    const sealed = await thiefsWriter();
    const changed = { ...line, state: await writeState(sealed, state) };
    const lines = (await collect(readIndex(access, entry.snapshot.index))).map((one) =>
      one.s === web ? changed : one,
    );
    const index = await writeIndex(sealed, chunksOfLines(lines));
    const by = { tool: "0.0.0", build: "another", run };
    await appendEntry({ ...access, store, clock: systemClock, signing: agent, by }, log, async () => ({
      kind: "snapshot",
      snapshot: { ...entry.snapshot, parent: entry.seq, index },
    }));
  }

  it("is not adopted: the stream is read as it is", async () => {
    const honest = await newest();
    const planted = await falseState();
    const sealed = await thiefsWriter();
    const line = { ...planted.line, asOf: new Date().toISOString(), state: await writeState(sealed, planted.state) };
    const writer = await checkpointWriter({ store, access, signing: agent, sealed, run, shard: "00" });
    await writer.write([{ lines: [line], changed: true, note: {} }]);

    await engine.backUp(small.project, { include: ["git-repositories"] });

    expect((await newest()).state.refs).toEqual(honest.state.refs);
    expect(engine.messages.join("\n")).toContain("not what its digest says");
  });

  it.each([
    ["by its digest, where the agent key is given", "catalogue" as const, "STATE_DIGEST"],
    ["by its chain, at level content", "content" as const, "GIT_REFS_DIFFER"],
  ])("is found by a verification %s, if a run has adopted it", async (_, level, code) => {
    const sound = { level, macKey: level === "catalogue" ? agent.macKey : undefined };
    expect((await engine.verify(small.project, sound)).damaged).toBe(0);
    await commit(await falseState());

    const result = await engine.verify(small.project, sound);

    const codes = result.streams.flatMap(({ findings }) => findings.map((finding) => finding.code));
    expect(codes).toContain(code);
  });
});
