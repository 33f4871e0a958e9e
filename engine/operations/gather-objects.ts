/** Everything that snapshots reach, with who uses it. States shared by many snapshots are read once. */
import { forEachConcurrent } from "../foundation/concurrency.ts";
import { describeError, hasCode } from "../foundation/errors.ts";
import type { Finding } from "../kinds/kind.ts";
import { readIndex, readState } from "../vault/index-file.ts";
import { refsOfState } from "../vault/reachable.ts";
import type { Ref } from "../vault/ref.ts";
import type { VaultAccess } from "../vault/sealed-objects.ts";
import type { LoggedSnapshot } from "../vault/snapshots.ts";
import type { IndexLine } from "../vault/state.ts";

export interface UsedObject {
  readonly ref: Ref;
  readonly streams: Set<string>;
  /** Run ids. */
  readonly snapshots: Set<string>;
}

export interface StoredState {
  readonly line: IndexLine;
  /** The newest snapshot with it. */
  readonly snapshot: LoggedSnapshot;
}

export interface Gathered {
  readonly objects: ReadonlyMap<string, UsedObject>;
  readonly streams: ReadonlyMap<string, { readonly name: string | undefined; readonly snapshots: ReadonlySet<string> }>;
  /** Distinct states, by the name of the state's object. */
  readonly states: ReadonlyMap<string, StoredState>;
  /** Indexes and states that could not be read. */
  readonly findings: readonly { readonly stream: string; readonly finding: Finding }[];
}

export async function gatherObjects(
  access: VaultAccess,
  snapshots: readonly LoggedSnapshot[],
  parallelism: number,
): Promise<Gathered> {
  const objects = new Map<string, UsedObject>();
  const streams = new Map<string, { name: string | undefined; snapshots: Set<string> }>();
  const states = new Map<string, StoredState & { readonly runs: Set<string>; readonly ref: Ref }>();
  const findings: { stream: string; finding: Finding }[] = [];
  const use = (ref: Ref, stream: string, runs: Iterable<string>): void => {
    const known = objects.get(ref.o) ?? { ref, streams: new Set<string>(), snapshots: new Set<string>() };
    known.streams.add(stream);
    for (const run of runs) known.snapshots.add(run);
    objects.set(ref.o, known);
  };
  for (const snapshot of snapshots) {
    const run = snapshot.entry.by.run;
    use(snapshot.entry.snapshot.index, "index", [run]);
    try {
      for await (const line of readIndex(access, snapshot.entry.snapshot.index)) {
        const known = streams.get(line.s) ?? { name: undefined, snapshots: new Set<string>() };
        streams.set(line.s, { name: line.name ?? known.name, snapshots: known.snapshots.add(run) });
        for (const ref of [...(line.state === undefined ? [] : [line.state]), ...(line.items ?? [])])
          use(ref, line.s, [run]);
        if (line.state === undefined) continue;
        const runs = states.get(line.state.o)?.runs ?? new Set<string>();
        states.set(line.state.o, { line, snapshot, ref: line.state, runs: runs.add(run) });
      }
    } catch (error) {
      findings.push({ stream: "index", finding: unreadable("index", error, [run]) });
    }
  }
  await forEachConcurrent([...states.values()], Math.max(1, parallelism), async ({ line, ref, runs }) => {
    try {
      for (const inside of refsOfState(await readState(access, ref))) use(inside, line.s, runs);
    } catch (error) {
      findings.push({ stream: line.s, finding: unreadable(line.s, error, [...runs]) });
    }
  });
  return { objects, streams, states, findings };
}

/** Damage of the catalogue itself. Everything else keeps us from judging and is thrown. */
function unreadable(stream: string, error: unknown, runs: readonly string[]): Finding {
  if (!hasCode(error, "OBJECT_DAMAGED", "OBJECT_MISSING", "SEALED_DAMAGED", "STATE_INVALID", "INDEX_INVALID"))
    throw error;
  return {
    stream,
    code: error.code,
    message: `${describeError(error)} Concerns snapshots ${runs.join(", ")}`,
    severity: "damage",
  };
}
