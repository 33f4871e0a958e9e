/** Everything that snapshots reach, with who uses it. States shared by many snapshots are read once. */
import { forEachConcurrent } from "../../foundation/concurrency.ts";
import { describeError, hasCode } from "../../foundation/errors.ts";
import type { Finding } from "../../kinds/kind.ts";
import { readIndex, readState } from "../../vault/objects/index-file.ts";
import { refsOfLine, refsOfState } from "../../vault/snapshots/reachable.ts";
import type { Ref } from "../../vault/format/ref.ts";
import type { VaultAccess } from "../../vault/objects/sealed-objects.ts";
import type { LoggedSnapshot } from "../../vault/snapshots/snapshots.ts";
import type { IndexLine } from "../../vault/format/state.ts";
import { isStoredDamage } from "../../vault/format/stored-damage.ts";

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
  readonly findings: readonly CatalogueFinding[];
}

export interface CatalogueFinding {
  readonly stream: string;
  readonly finding: Finding;
  /** Run ids of the snapshots whose objects are not all known for it. */
  readonly snapshots: readonly string[];
}

interface Gathering {
  readonly objects: Map<string, UsedObject>;
  readonly streams: Map<string, { name: string | undefined; readonly snapshots: Set<string> }>;
  readonly states: Map<string, StoredState & { readonly runs: Set<string>; readonly ref: Ref }>;
  readonly findings: CatalogueFinding[];
}

export async function gatherObjects(
  access: VaultAccess,
  snapshots: readonly LoggedSnapshot[],
  parallelism: number,
): Promise<Gathered> {
  const gathering: Gathering = { objects: new Map(), streams: new Map(), states: new Map(), findings: [] };
  const { findings } = gathering;
  for (const snapshot of snapshots) {
    const run = snapshot.entry.by.run;
    try {
      await addIndex(access, snapshot, gathering);
    } catch (error) {
      findings.push({ stream: "index", finding: unreadable("index", error, [run]), snapshots: [run] });
    }
  }
  await forEachConcurrent([...gathering.states.values()], Math.max(1, parallelism), async ({ line, ref, runs }) => {
    try {
      for (const inside of refsOfState(await readState(access, ref))) use(gathering, inside, { stream: line.s, runs });
    } catch (error) {
      findings.push({ stream: line.s, finding: unreadable(line.s, error, [...runs]), snapshots: [...runs] });
    }
  });
  return gathering;
}

async function addIndex(access: VaultAccess, snapshot: LoggedSnapshot, gathering: Gathering): Promise<void> {
  const run = snapshot.entry.by.run;
  const { index } = snapshot.entry.snapshot;
  use(gathering, index, { stream: "index", runs: [run] });
  for await (const line of readIndex(access, index)) {
    const known = gathering.streams.get(line.s) ?? { name: undefined, snapshots: new Set<string>() };
    gathering.streams.set(line.s, { name: line.name ?? known.name, snapshots: known.snapshots.add(run) });
    for (const ref of refsOfLine(line)) use(gathering, ref, { stream: line.s, runs: [run] });
    if (line.state === undefined) continue;
    const runs = gathering.states.get(line.state.o)?.runs ?? new Set<string>();
    gathering.states.set(line.state.o, { line, snapshot, ref: line.state, runs: runs.add(run) });
  }
}

function use({ objects }: Gathering, ref: Ref, by: { readonly stream: string; readonly runs: Iterable<string> }): void {
  const known = objects.get(ref.o) ?? { ref, streams: new Set<string>(), snapshots: new Set<string>() };
  known.streams.add(by.stream);
  for (const run of by.runs) known.snapshots.add(run);
  objects.set(ref.o, known);
}

/** Damage of the catalogue itself. Everything else keeps us from judging and is thrown. */
function unreadable(stream: string, error: unknown, runs: readonly string[]): Finding {
  if (!isStoredDamage(error) && !hasCode(error, "INDEX_INVALID")) throw error;
  return {
    stream,
    code: error.code,
    message: `${describeError(error)} Concerns snapshots ${runs.join(", ")}`,
    severity: "damage",
  };
}
