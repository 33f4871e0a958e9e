import * as React from "react";
import { useLoaded } from "../../components/use-loaded.ts";
import type { VaultView } from "../../model/vault-source.ts";
import { compareReports, type ReportDifference } from "../../vault/compare-reports.ts";
import { snapshotReports, type RunReport } from "../../vault/run-reports.ts";
import { afterReading, isAlarm, noSuspicion } from "../../vault/suspicion.ts";
import { useHub } from "../hub/hub-context.ts";

export interface ReportComparison {
  /** What two readings of the storage have shown. */
  readonly differences: readonly ReportDifference[];
  /** False while reports are being read, and while something is suspected and storage is being read again. */
  readonly isSettled: boolean;
}

/** Between two readings: time enough for what was under way to be done. */
const pauseMs = 2000;

/** Compares the newest runs' reports with storage, reading it again as often as an alarm needs. */
export function useReportDifferences(view: VaultView): ReportComparison {
  const { vault, clock } = useHub();
  const { reports, readAt, isLoading } = useRunReports();
  const [suspicion, suspect] = React.useState(noSuspicion);
  const found = React.useMemo(
    () => (vault.source?.origin === "storage" ? compareReports(reports, view) : []),
    [vault.source, reports, view],
  );
  const { startedAt, isDone, reload } = vault;
  React.useEffect(() => {
    if (!isDone || readAt === undefined || startedAt === undefined) return undefined;
    const next = afterReading(suspicion, { startedAt, differences: found }, readAt);
    if (next !== suspicion) {
      suspect(next);
      return undefined;
    }
    if (found.length === 0 || isAlarm(suspicion)) return undefined;
    const stop = new AbortController();
    // The first one at once: what is shown may be a reading of long ago.
    const pause = suspicion.readings.length === 0 ? 0 : pauseMs;
    clock.sleep(pause, stop.signal).then(reload, () => undefined);
    return () => stop.abort();
  }, [isDone, startedAt, readAt, found, suspicion]);
  if (isLoading) return { differences: [], isSettled: false };
  if (found.length === 0) return { differences: [], isSettled: true };
  return isAlarm(suspicion)
    ? { differences: suspicion.differences, isSettled: true }
    : { differences: [], isSettled: false };
}

interface Reports {
  readonly reports: readonly RunReport[];
  /** When all of them were read, by the clock of `VaultStatus.startedAt`; undefined while they are not. */
  readonly readAt: number | undefined;
  readonly isLoading: boolean;
}

const none: readonly RunReport[] = [];

function useRunReports(): Reports {
  const { services, settings } = useHub();
  const loaded = useLoaded(
    async (signal) => {
      const { backupPipelineId, verifyPipelineId } = settings ?? {};
      const facts = { vault: services.project.id, pipelines: services.pipelines, backupPipelineId, verifyPipelineId };
      let reports: readonly RunReport[] = [];
      for await (const step of snapshotReports(facts, signal)) reports = step.reports;
      return { reports, readAt: performance.now() };
    },
    [services, settings],
  );
  const { reports, readAt } = loaded.value ?? { reports: none, readAt: undefined };
  return { reports, readAt, isLoading: loaded.isLoading && loaded.value === undefined };
}
