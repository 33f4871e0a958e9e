import { useLoaded } from "../../components/use-loaded.ts";
import type { HealthFinding } from "../../../engine/insight/health-finding.ts";
import { failedLast, failedRunFinding } from "../../model/health-runs.ts";
import { runProgress } from "../../model/run-progress.ts";
import { useHub } from "../hub/hub-context.ts";

/** That the last backup run came to nothing, with its reason. */
export function useRunFindings(): readonly HealthFinding[] {
  const { runs, services, clock } = useHub();
  const run = failedLast(runs.value ?? []);
  const reason = useLoaded(async () => {
    if (run === undefined) return "";
    // Without its reason it has failed all the same.
    const steps = await services.pipelines.steps(run.id).catch(() => []);
    return runProgress(run, steps).issues.find(({ severity }) => severity === "error")?.message ?? "";
  }, [run?.id]);
  return run === undefined ? [] : [failedRunFinding({ run, reason: reason.value ?? "", now: clock.now() })];
}
