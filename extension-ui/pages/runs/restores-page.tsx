import { Card } from "azure-devops-ui/Card";
import { Table } from "azure-devops-ui/Table";
import { ArrayItemProvider } from "azure-devops-ui/Utilities/Provider";
import { ZeroData, ZeroDataActionType } from "azure-devops-ui/ZeroData";
import * as React from "react";
import { ErrorCard } from "../../components/error-card.tsx";
import { Loading } from "../../components/loading.tsx";
import { resultMark } from "../../components/progress.tsx";
import { StateLabel } from "../../components/state-label.tsx";
import { tableColumns } from "../../components/table-cells.tsx";
import { Age, localTime } from "../../components/times.tsx";
import { useLoaded } from "../../components/use-loaded.ts";
import { snapshotName } from "../../model/format.ts";
import type { Run, RunState } from "../../model/project-services.ts";
import { resultAttachmentType, resultOfRun } from "../../model/restore-result.ts";
import { restoreRunRows, runLine, type RestoreRunRow } from "../../model/restore-runs.ts";
import { runProgress } from "../../model/run-progress.ts";
import { isActive } from "../../model/run-request.ts";
import { useHub, type Hub } from "../hub/hub-context.ts";
import { useRuns } from "./use-runs.ts";

/** Runs whose result is read for the table; older ones show it when they are opened. */
const shownResults = 20;

interface Row extends RestoreRunRow {
  readonly outcome: string;
}

const stateWords: Readonly<Record<RunState, string>> = {
  queued: "Waiting",
  running: "Running",
  succeeded: "Succeeded",
  issues: "Succeeded with issues",
  failed: "Failed",
  canceled: "Canceled",
};

const modeWords: Readonly<Record<RestoreRunRow["mode"], string>> = {
  preview: "Plan only",
  restore: "Restore",
  archive: "Archive",
};

const columns = tableColumns<Row>([
  {
    id: "run",
    name: "Run",
    width: -16,
    isPrimary: true,
    cell: ({ run }) => `Run ${run.id}`,
    below: ({ mode }) => modeWords[mode],
  },
  {
    id: "items",
    name: "Items",
    width: -30,
    cell: ({ items, moreItems }) => (moreItems === 0 ? items.join(", ") : `${items.join(", ")} and ${moreItems} more`),
    below: ({ snapshot, target }) => (target === "" ? `from ${snapshot}` : `from ${snapshot} into ${target}`),
  },
  {
    id: "state",
    name: "State",
    width: -30,
    wraps: true,
    cell: ({ run }) => <StateLabel mark={resultMark(run.state)} text={stateWords[run.state]} />,
    below: ({ outcome }) => <span title={outcome}>{cut(outcome)}</span>,
  },
  { id: "by", name: "Started by", width: -14, cell: ({ run }) => run.requestedBy },
  {
    id: "at",
    name: "Started",
    width: 196,
    cell: ({ run }) => localTime(run.queuedAt),
    below: ({ run }) => <Age instant={run.queuedAt} />,
  },
]);

/** The run's panel has all of it. */
const shownCharacters = 140;

function cut(text: string): string {
  return text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters).trimEnd()}…`;
}

/** Runs of the restore pipeline, also those that somebody started elsewhere, with what came of them. */
export function RestoresPage(): React.ReactElement {
  const hub = useHub();
  const { settings, go, round } = hub;
  const pipeline = settings?.restorePipelineId;
  const runs = useRuns(hub, pipeline, { refresh: round });
  const rows = useRows(hub, pipeline, runs.value);
  const provider = React.useMemo(() => new ArrayItemProvider([...(rows ?? [])]), [rows]);
  if (rows === undefined)
    return runs.error === undefined ? (
      <Loading label="Reading the restores" />
    ) : (
      <ErrorCard error={runs.error} retry={runs.reload} />
    );
  if (rows.length === 0) return <NoRestores hasPipeline={pipeline !== undefined} />;
  return (
    <>
      {runs.error !== undefined && <ErrorCard error={runs.error} retry={runs.reload} />}
      <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
        <Table<Row>
          ariaLabel="Restores"
          role="table"
          columns={columns}
          itemProvider={provider}
          singleClickActivation
          onActivate={(_event, { data }) => go({ tab: "restores", run: data.run.id })}
        />
      </Card>
    </>
  );
}

/** The runs with what came of each; undefined until they are there. */
function useRows(hub: Hub, pipeline: number | undefined, runs: readonly Run[] | undefined): readonly Row[] | undefined {
  const outcomes = useLoaded(() => readOutcomes(hub, pipeline, runs ?? []), [pipeline, runs], [pipeline]);
  return React.useMemo(
    () =>
      runs === undefined || pipeline === undefined
        ? runs
        : restoreRunRows(runs, pipeline).map((row) => ({
            ...row,
            snapshot: snapshotName(row.snapshot, hub.vault.view?.snapshots ?? []),
            outcome: outcomes.value?.get(row.run.id) ?? "",
          })),
    [runs, pipeline, outcomes.value, hub.vault.view?.snapshots],
  ) as readonly Row[] | undefined;
}

/** What has ended does not change any more. */
const known = new Map<number, string>();

/** By run: why it ended as it did, and what became of the items. */
async function readOutcomes(
  { services }: Hub,
  pipeline: number | undefined,
  runs: readonly Run[],
): Promise<ReadonlyMap<number, string>> {
  const { pipelines, project } = services;
  const rows = pipeline === undefined ? [] : restoreRunRows(runs, pipeline).slice(0, shownResults);
  const told = rows.map(async ({ run, mode }): Promise<readonly [number, string]> => {
    if (isActive(run) || (mode !== "restore" && run.state === "succeeded")) return [run.id, ""];
    const before = known.get(run.id);
    if (before !== undefined) return [run.id, before];
    // A run whose report cannot be read is still a run that people want to see.
    const [steps, attached] = await Promise.all([
      run.state === "succeeded" ? [] : pipelines.steps(run.id).catch(() => []),
      pipelines.attachments(run.id, resultAttachmentType).catch(() => []),
    ]);
    const outcome = runLine(runProgress(run, steps).issues, resultOfRun(attached, project.organizationUrl));
    if (outcome !== "") known.set(run.id, outcome);
    return [run.id, outcome];
  });
  return new Map(await Promise.all(told));
}

function NoRestores({ hasPipeline }: { readonly hasPipeline: boolean }): React.ReactElement {
  const { go } = useHub();
  if (!hasPipeline)
    return (
      <ZeroData
        iconProps={{ iconName: "Settings" }}
        imageAltText=""
        primaryText="No restore pipeline is chosen"
        secondaryText="Restores run in a pipeline of this project. Make it from the YAML in Set up and choose it there."
        actionText="Open Set up"
        actionType={ZeroDataActionType.ctaButton}
        onActionClick={() => go({ tab: "setup" })}
      />
    );
  return (
    <ZeroData
      iconProps={{ iconName: "Download" }}
      imageAltText=""
      primaryText="No restore yet"
      secondaryText="Open a snapshot, find what was lost, and choose Restore. A drill now and then shows how long it takes."
      actionText="Show the snapshots"
      actionType={ZeroDataActionType.ctaButton}
      onActionClick={() => go({})}
    />
  );
}
