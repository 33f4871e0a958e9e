import type { IButtonProps } from "azure-devops-ui/Button";
import * as React from "react";
import { ErrorCard } from "../../components/error-card.tsx";
import { Lines } from "../../components/lines.tsx";
import { Loading } from "../../components/loading.tsx";
import { Progress } from "../../components/progress.tsx";
import { SidePanel } from "../../components/side-panel.tsx";
import { useAction, type Action } from "../../components/use-action.ts";
import { useLoaded, type Loaded } from "../../components/use-loaded.ts";
import type { PipelineFacts } from "../../model/pipeline-proof.ts";
import type { Run } from "../../model/project-services.ts";
import { applyParameters, previewParameters, type RestoreChoice } from "../../model/restore-request.ts";
import { isActive } from "../../model/run-request.ts";
import { useHub, type Hub } from "../hub/hub-context.ts";
import type { PlanOffers } from "./plan-view.tsx";
import { Report } from "./report.tsx";
import { hasReport, isStalePlan, offeredPlan, readRunReport, type RunReport } from "./run-report.ts";
import { prove, requestOf, startProven, type OurRun } from "./start-restore.ts";
import { freshNonce } from "./start-run.ts";
import { useRun, type FollowedRun } from "./use-run.ts";

/** Follows one run: its progress, then the plan to confirm or the result. The address names the run, so a reload stays. */
export function RunPanel({ id }: { readonly id: number }): React.ReactElement {
  const hub = useHub();
  const followed = useRun(id);
  const { run, error } = followed;
  const close = (): void => hub.go({ ...hub.route, run: undefined });
  const reports = useReports(hub, run);
  const report = reports.value;
  const wanted = report === undefined ? undefined : applying(report);
  const wasActive = React.useRef(false);
  React.useEffect(() => {
    // What a run has stored stands in the vault now.
    if (wasActive.current && run !== undefined && !isActive(run)) hub.vault.reload();
    wasActive.current = run !== undefined && isActive(run);
  }, [run?.state]);
  const apply = useAction(async () => {
    if (wanted === undefined) return;
    const started = await startProven(hub, wanted);
    hub.go({ ...hub.route, run: started.id });
  });
  const cancel = useAction(() => hub.services.pipelines.cancel(id));
  const overwrite = useAction(() => planAgain(hub, run, { conflictPolicy: "overwrite" }));
  const again = useAction(() => planAgain(hub, run, {}));
  const errors = [error, apply.error, cancel.error, overwrite.error, again.error].filter((one) => one !== undefined);
  const restoring = restoreButtons({ hub, report, again, apply: wanted === undefined ? undefined : apply });
  return (
    <SidePanel
      title={titleOf(report)}
      description={run === undefined ? `Run ${id}` : `${run.pipeline.name} · run ${id}`}
      isLarge
      onDismiss={close}
      buttons={[...runButtons(hub, run, cancel), { text: "Close", onClick: close }, ...restoring]}
    >
      {errors.map((one, index) => (
        <ErrorCard key={index} error={one} />
      ))}
      <RunContent followed={followed} reports={reports} offers={{ overwrite }} />
      {wanted !== undefined && <Facts wanted={wanted} />}
    </SidePanel>
  );
}

interface RunContentProps {
  readonly followed: FollowedRun;
  readonly reports: Loaded<RunReport | undefined>;
  readonly offers: PlanOffers;
}

function RunContent({ followed, reports, offers }: RunContentProps): React.ReactElement | null {
  const { run, progress, error } = followed;
  if (reports.error !== undefined) return <ErrorCard error={reports.error} retry={reports.reload} />;
  const report = reports.value;
  if (report !== undefined && (hasReport(report) || isStalePlan(report)))
    return <Report report={report} offers={offers} />;
  if (run !== undefined && progress !== undefined) return <Progress progress={progress} url={run.url} />;
  return error === undefined ? <Loading label="Asking for the run" /> : null;
}

/** A run that makes the plan of the same request anew, or of one that is a little different. */
async function planAgain(hub: Hub, run: Run | undefined, change: Partial<RestoreChoice>): Promise<void> {
  if (run === undefined) return;
  const parameters = previewParameters({ ...requestOf(run).choice, ...change }, freshNonce());
  const started = await startProven(hub, { task: "RestoreItem", parameters });
  hub.go({ ...hub.route, run: started.id });
}

function useReports({ services }: Hub, run: Run | undefined): Loaded<RunReport | undefined> {
  const isOver = run !== undefined && !isActive(run);
  return useLoaded(async () => (isOver ? readRunReport(run.id, services) : undefined), [run?.id, isOver]);
}

/** The run that would carry out the plan of a preview; undefined for other runs, and for plans that change nothing. */
function applying(report: RunReport): OurRun | undefined {
  const { run } = report;
  const plan = offeredPlan(report);
  if (plan === undefined || plan.changesNothing || (run.state !== "succeeded" && run.state !== "issues"))
    return undefined;
  const { choice, nonce } = requestOf(run);
  return { task: "RestoreItem", parameters: applyParameters(choice, plan.hash, nonce) };
}

/** What else the pipeline uses and does, before anybody agrees to it. */
function Facts({ wanted }: { readonly wanted: OurRun }): React.ReactElement {
  const hub = useHub();
  const facts = useLoaded(() => prove(hub, wanted), [wanted.parameters.requestId]);
  if (facts.error !== undefined) return <ErrorCard error={facts.error} retry={facts.reload} />;
  return facts.value === undefined ? <></> : <Lines title="How it will run" lines={factLines(facts.value)} />;
}

function factLines(facts: PipelineFacts): readonly string[] {
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ["Service connections", facts.serviceConnections],
    ["Variable groups", facts.variableGroups],
    ["Environments", facts.environments],
    ["Also runs", facts.otherTasks],
  ];
  const told = lines.filter(([, names]) => names.length > 0).map(([title, names]) => `${title}: ${names.join(", ")}`);
  return ["The pipeline runs our RestoreItem task with these choices.", ...told];
}

function titleOf(report: RunReport | undefined): string {
  if (report === undefined) return "Run";
  if (report.result !== undefined) return "Result of the restore";
  if (report.archive !== undefined) return "Archive";
  if (offeredPlan(report) !== undefined) return "Plan of the restore";
  return isOfRestore(report.run) && report.run.state === "failed" ? "The restore failed" : "Run";
}

/** Runs of the other pipelines are not asked for items. */
function isOfRestore({ parameters }: Run): boolean {
  return parameters.items !== undefined;
}

function runButtons(hub: Hub, run: Run | undefined, cancel: Action): readonly IButtonProps[] {
  if (run === undefined) return [];
  const open = { text: "Open the run", onClick: () => hub.services.navigation.open(run.url) };
  if (!isActive(run)) return [open];
  return [open, { text: "Cancel the run", disabled: cancel.isBusy, onClick: cancel.start }];
}

interface RestoreActions {
  readonly hub: Hub;
  readonly report: RunReport | undefined;
  readonly apply: Action | undefined;
  readonly again: Action;
}

/** A plan can be changed, agreed to, or made anew when it came to nothing. */
function restoreButtons({ hub, report, apply, again }: RestoreActions): readonly IButtonProps[] {
  if (report === undefined || isActive(report.run) || !isOfRestore(report.run)) return [];
  const { choice } = requestOf(report.run);
  const { snapshot, items } = choice;
  const change = {
    text: "Change the plan",
    onClick: () => hub.openPanel({ form: "restore", selection: { snapshot, items, choice } }),
  };
  if (apply !== undefined)
    return [
      change,
      { text: apply.isBusy ? "Starting…" : "Restore", primary: true, disabled: apply.isBusy, onClick: apply.start },
    ];
  if (offeredPlan(report) !== undefined) return [change];
  const isDone = report.run.state === "succeeded" || report.archive !== undefined;
  if (isDone || choice.destination === "archive") return [];
  return [
    change,
    {
      text: again.isBusy ? "Starting…" : "Make a new plan",
      primary: true,
      disabled: again.isBusy,
      onClick: again.start,
    },
  ];
}
