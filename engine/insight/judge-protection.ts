/** Rights and branch policies, of kinds that store them; and history that is rewritten soon after its policy went. */
import { instantOf } from "../vault/format/figures.ts";
import type { Anomaly } from "../vault/format/log-entry.ts";
import type { SnapshotFacts } from "./facts.ts";

const afterRemovalNights = 7;
const shownStreams = 5;

export function judgeProtection(facts: SnapshotFacts): readonly Anomaly[] {
  return [...permissions(facts), ...policies(facts), ...lowered(facts)];
}

function permissions({ at, permissions: found }: SnapshotFacts): readonly Anomaly[] {
  if (found === undefined) return [];
  const { held, removed, administratorsAdded } = found;
  const since = instantOf(at);
  return [
    ...(administratorsAdded > 0
      ? [{ code: "administrator-added", n: administratorsAdded, since, note: true as const }]
      : []),
    ...(removed >= Math.max(5, 0.3 * held) ? [{ code: "permissions-removed", n: removed, of: held, since }] : []),
  ];
}

function policies({ at, policies: found }: SnapshotFacts): readonly Anomaly[] {
  if (found === undefined || found.removed === 0) return [];
  const net = found.removed - found.added;
  if (net <= 0) return [];
  const isAlarm = net >= 2 && net >= 0.3 * found.held;
  return [
    {
      code: "policies-removed",
      n: net,
      of: found.held,
      since: instantOf(at),
      ...(isAlarm ? {} : { note: true as const }),
    },
  ];
}

function lowered({ at, repositories, policies: found }: SnapshotFacts): readonly Anomaly[] {
  const removals = (found?.removals ?? []).filter((one) => at - one.at <= afterRemovalNights);
  const hits = repositories
    .filter(({ stream, d }) => d?.defaultRewritten === true && removals.some((one) => one.stream === stream))
    .map(({ stream }) => stream);
  if (hits.length === 0) return [];
  const since = Math.min(...removals.filter(({ stream }) => hits.includes(stream)).map((one) => one.at));
  const streams = hits.slice(0, shownStreams);
  return [{ code: "protection-lowered", n: hits.length, streams, hit: hits.length, since: instantOf(since) }];
}
