/**
 * engine/insight behind the interface of the evaluation kit that lies beside the repository: facts of simulated nights
 * become what a vault records of them, and anomalies become findings. Bundled by insight-kit.ts.
 */
import { gitCrossings } from "../../engine/insight/git-crossings.ts";
import { isLate } from "../../engine/insight/late.ts";
import { judgeSnapshot } from "../../engine/insight/judge-snapshot.ts";
import type { EarlierSnapshot, PolicyFacts, RepositoryFacts, SnapshotFacts } from "../../engine/insight/facts.ts";
import { nightOf, type GitDelta, type GitTrend, type KindSum, type Night } from "../../engine/vault/format/figures.ts";
import type { Anomaly } from "../../engine/vault/format/log-entry.ts";

export const name = "engine/insight";

interface KitStream {
  readonly s: string;
  readonly critical?: boolean;
  readonly n: { readonly files: number; readonly branches: number; readonly tags: number };
  readonly d: Required<Omit<GitDelta, "at" | "files" | "branches" | "tags" | "defaultRewritten" | "crossed">> & {
    readonly defaultRewritten: number;
  };
}

interface KitRecords {
  readonly n: { readonly items: number };
  readonly d: Pick<KindSum, "added" | "changed" | "deleted" | "back" | "dense">;
}

interface KitFacts {
  readonly at: number;
  readonly srv: number;
  readonly git: {
    readonly streams: number;
    readonly deleted: number;
    readonly missing: number;
    readonly changed: readonly KitStream[];
  };
  readonly records: readonly KitRecords[];
  readonly hiddenItems: number;
  readonly permissions?: {
    readonly n: number;
    readonly d: { readonly deleted: number; readonly administrators: number };
  };
  readonly policies?: {
    readonly n: number;
    readonly d: { readonly added: number; readonly deleted: number; readonly of: number };
  };
}

interface Finding {
  readonly code: string;
  readonly severity: "alarm" | "notice";
  readonly n?: number;
  readonly level?: number;
  readonly chance?: number;
  /** Days since 1970. */
  readonly since?: number;
}

/** As it would lie in a vault; survives JSON. */
interface State {
  readonly trends: Record<string, GitTrend>;
  readonly critical: Record<string, true>;
  /** Of snapshots before, without their `settled`. */
  earlier: readonly Pick<EarlierSnapshot, "at" | "kinds">[];
  removals: PolicyFacts["removals"];
  lastGood?: number;
}

const day = 86_400_000;
const rpoHours = 26;

export function createDetector(state: State = { trends: {}, critical: {}, earlier: [], removals: [] }): {
  readonly state: State;
  see(facts: KitFacts): readonly Finding[];
  watch(nowMs: number): readonly Finding[];
} {
  return {
    state,
    see(facts) {
      const at = nightOf(new Date(facts.srv));
      const kinds = kindsOf(facts);
      const judged = judgeSnapshot(snapshotFacts(state, facts, { at, kinds }));
      const first = state.earlier[0];
      state.earlier = [...state.earlier.filter((one) => one === first || at - one.at <= 90), { at, kinds }];
      state.lastGood = facts.srv;
      return judged.flatMap(findingsOf);
    },
    watch: (nowMs) =>
      state.lastGood !== undefined && isLate((nowMs - state.lastGood) / 3_600_000, rpoHours)
        ? [{ code: "late", severity: "alarm" }]
        : [],
  };
}

function snapshotFacts(
  state: State,
  facts: KitFacts,
  { at, kinds }: { readonly at: Night; readonly kinds: readonly KindSum[] },
): SnapshotFacts {
  const { git, permissions, policies } = facts;
  for (const { s, critical = false } of git.changed) if (critical) state.critical[s] = true;
  if (policies !== undefined && policies.d.deleted > policies.d.added)
    state.removals = [...state.removals, { stream: `git-repositories/${policies.d.of}`, at }];
  const critical = Object.keys(state.critical);
  return {
    at,
    repositories: repositoriesOf(state, git.changed, at),
    listing: { held: git.streams, deleted: ids("deleted", git.deleted), missing: ids("missing", git.missing) },
    kinds,
    earlier: state.earlier.map((one) => ({ ...one, settled: new Set<string>() })),
    critical: critical.length === 0 ? undefined : new Set(critical),
    skewMs: facts.at - facts.srv,
    expected: new Set(),
    permissions: permissionsOf(permissions),
    policies: policiesOf(policies, state),
  };
}

function permissionsOf(found: KitFacts["permissions"]): SnapshotFacts["permissions"] {
  return found === undefined
    ? undefined
    : { held: found.n, removed: found.d.deleted, administratorsAdded: found.d.administrators };
}

function policiesOf(found: KitFacts["policies"], { removals }: State): PolicyFacts {
  const { n, d } = found ?? { n: 0, d: { added: 0, deleted: 0 } };
  return { held: n, added: d.added, removed: d.deleted, removals };
}

/** What the index says of them: the night's figures of those that changed, the last change of the others. */
function repositoriesOf(state: State, changed: readonly KitStream[], at: Night): readonly RepositoryFacts[] {
  const deltas = new Map(changed.map((one) => [one.s, deltaOf(state, one, at)]));
  return Object.entries(state.trends).map(([stream, { at: changedAt, nights }]) => {
    const d = deltas.get(stream);
    return { stream, c: { changedAt, changedNights: nights.length }, ...(d === undefined ? {} : { d }) };
  });
}

function deltaOf(state: State, { s, n, d }: KitStream, at: Night): GitDelta {
  const delta: GitDelta = {
    at,
    files: n.files,
    branches: n.branches,
    tags: n.tags,
    added: d.added,
    edited: d.edited,
    deleted: d.deleted,
    lost: d.lost,
    whole: d.whole,
    dense: d.dense,
    halfDense: d.halfDense,
    refsAdded: d.refsAdded,
    refsMoved: d.refsMoved,
    refsDeleted: d.refsDeleted,
    tagsDeleted: d.tagsDeleted,
    rewritten: d.rewritten,
    defaultRewritten: d.defaultRewritten === 1,
  };
  const { trend, crossed } = gitCrossings(state.trends[s], delta);
  state.trends[s] = trend;
  return { ...delta, crossed };
}

function kindsOf({ records, hiddenItems }: KitFacts): readonly KindSum[] {
  const none: KitRecords = { n: { items: 0 }, d: { added: 0, changed: 0, deleted: 0, back: 0, dense: 0 } };
  const { n, d } = records[0] ?? none;
  const items = n.items + d.added - d.deleted;
  return [{ kind: "work-items", streams: 1, items, ...d, missing: 0, hidden: hiddenItems, newBytes: 0 }];
}

function ids(what: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `git-repositories/${what}-${i}`);
}

/** The kit counts a finding for each repository whose branches were rewritten. */
function findingsOf({ code, note, hit = 1, n, level, chance, since }: Anomaly): readonly Finding[] {
  const finding: Finding = {
    code,
    severity: note === true ? "notice" : "alarm",
    n,
    ...(level === undefined ? {} : { level }),
    ...(chance === undefined ? {} : { chance: chance / 1e6 }),
    ...(since === undefined ? {} : { since: Date.parse(since) / day }),
  };
  return Array.from({ length: code === "branches-rewritten" ? hit : 1 }, () => finding);
}
