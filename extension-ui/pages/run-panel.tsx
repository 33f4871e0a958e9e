import type { IButtonProps } from "azure-devops-ui/Button";
import * as React from "react";
import { ErrorCard } from "../components/error-card.tsx";
import { Lines } from "../components/lines.tsx";
import { Loading } from "../components/loading.tsx";
import { Progress } from "../components/progress.tsx";
import { SidePanel } from "../components/side-panel.tsx";
import { useAction, type Action } from "../components/use-action.ts";
import { useLoaded, type Loaded } from "../components/use-loaded.ts";
import type { PipelineFacts } from "../model/pipeline-proof.ts";
import type { Run } from "../model/project-services.ts";
import { applyParameters } from "../model/restore-request.ts";
import { isActive } from "../model/run-request.ts";
import { useHub, type Hub } from "./hub-context.ts";
import { Report } from "./report.tsx";
import { hasReport, readRunReport, type RunReport } from "./run-report.ts";
import { prove, requestOf, startProven, type OurRun } from "./start-restore.ts";
import { useRun, type FollowedRun } from "./use-run.ts";

/** Follows one run: its progress, then the plan to confirm or the result. The address names the run, so a reload stays. */
export function RunPanel({ id }: { readonly id: number }): React.ReactElement {
  const hub = useHub();
  const followed = useRun(id);
  const { run, error } = followed;
  const close = (): void => hub.go({ ...hub.route, run: undefined });
  const reports = useReports(hub, run);
  const wanted = applying(run, reports.value);
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
  return (
    <SidePanel
      title={titleOf(reports.value)}
      description={run === undefined ? `Run ${id}` : `${run.pipeline.name} · run ${id}`}
      isLarge
      onDismiss={close}
      buttons={buttonsOf({ hub, run, close, cancel, apply: wanted === undefined ? undefined : apply })}
    >
      {error !== undefined && <ErrorCard error={error} />}
      {apply.error !== undefined && <ErrorCard error={apply.error} />}
      {cancel.error !== undefined && <ErrorCard error={cancel.error} />}
      <RunContent followed={followed} reports={reports} />
      {wanted !== undefined && <Facts wanted={wanted} />}
    </SidePanel>
  );
}

interface RunContentProps {
  readonly followed: FollowedRun;
  readonly reports: Loaded<RunReport | undefined>;
}

function RunContent({ followed, reports }: RunContentProps): React.ReactElement | null {
  const { run, progress, error } = followed;
  if (reports.error !== undefined) return <ErrorCard error={reports.error} retry={reports.reload} />;
  if (reports.value !== undefined && hasReport(reports.value)) return <Report report={reports.value} />;
  if (run !== undefined && progress !== undefined) return <Progress progress={progress} url={run.url} />;
  return error === undefined ? <Loading label="Asking for the run" /> : null;
}

function useReports({ services }: Hub, run: Run | undefined): Loaded<RunReport | undefined> {
  const isOver = run !== undefined && !isActive(run);
  return useLoaded(async () => (isOver ? readRunReport(run.id, services) : undefined), [run?.id, isOver]);
}

/** The run that would carry out the plan of a preview; undefined for other runs, and for plans that change nothing. */
function applying(run: Run | undefined, reports: RunReport | undefined): OurRun | undefined {
  const plan = reports?.plan;
  if (run === undefined || plan === undefined || reports?.result !== undefined || plan.changesNothing) return undefined;
  if (run.parameters.previewOnly?.toLowerCase() === "false") return undefined;
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

function titleOf(reports: RunReport | undefined): string {
  if (reports?.result !== undefined) return "Result of the restore";
  return reports?.plan === undefined ? "Run" : "Plan of the restore";
}

interface ButtonFacts {
  readonly hub: Hub;
  readonly run: Run | undefined;
  readonly close: () => void;
  readonly cancel: Action;
  readonly apply: Action | undefined;
}

function buttonsOf({ hub, run, close, cancel, apply }: ButtonFacts): readonly IButtonProps[] {
  const open: IButtonProps[] =
    run === undefined ? [] : [{ text: "Open the run", onClick: () => hub.services.navigation.open(run.url) }];
  const end: IButtonProps[] =
    run === undefined || !isActive(run)
      ? []
      : [{ text: "Cancel the run", disabled: cancel.isBusy, onClick: cancel.start }];
  const restore: IButtonProps[] =
    apply === undefined
      ? []
      : [
          {
            text: apply.isBusy ? "Starting…" : "Restore",
            primary: true,
            disabled: apply.isBusy,
            onClick: apply.start,
          },
        ];
  return [...open, ...end, { text: "Close", onClick: close }, ...restore];
}
