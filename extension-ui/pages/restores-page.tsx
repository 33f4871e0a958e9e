import { Card } from "azure-devops-ui/Card";
import { Table } from "azure-devops-ui/Table";
import { ArrayItemProvider } from "azure-devops-ui/Utilities/Provider";
import { ZeroData, ZeroDataActionType } from "azure-devops-ui/ZeroData";
import * as React from "react";
import { ErrorCard } from "../components/error-card.tsx";
import { Loading } from "../components/loading.tsx";
import { resultMark } from "../components/progress.tsx";
import { StateLabel } from "../components/state-label.tsx";
import { tableColumns } from "../components/table-cells.tsx";
import { Age, localTime } from "../components/times.tsx";
import { useLoaded } from "../components/use-loaded.ts";
import type { RunState } from "../model/project-services.ts";
import { resultAttachmentType, resultOfRun } from "../model/restore-result.ts";
import { outcomeLine, restoreRunRows, type RestoreRunRow } from "../model/restore-runs.ts";
import { isActive } from "../model/run-request.ts";
import { useHub, type Hub } from "./hub-context.ts";

const shownRuns = 50;
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
    width: -24,
    cell: ({ run }) => <StateLabel mark={resultMark(run.state)} text={stateWords[run.state]} />,
    below: ({ outcome }) => outcome,
  },
  { id: "by", name: "Started by", width: -14, cell: ({ run }) => run.requestedBy },
  {
    id: "at",
    name: "Started",
    width: -16,
    cell: ({ run }) => localTime(run.queuedAt),
    below: ({ run }) => <Age instant={run.queuedAt} />,
  },
]);

/** Runs of the restore pipeline, also those that somebody started elsewhere, with what came of them. */
export function RestoresPage(): React.ReactElement {
  const hub = useHub();
  const { settings, go, route } = hub;
  const pipeline = settings?.restorePipelineId;
  const loaded = useLoaded(() => readRows(hub, pipeline), [pipeline, route.run], [pipeline]);
  const provider = React.useMemo(() => new ArrayItemProvider([...(loaded.value ?? [])]), [loaded.value]);
  if (loaded.error !== undefined) return <ErrorCard error={loaded.error} retry={loaded.reload} />;
  if (loaded.value === undefined) return <Loading label="Reading the restores" />;
  if (loaded.value.length === 0) return <NoRestores hasPipeline={pipeline !== undefined} />;
  return (
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
  );
}

async function readRows({ services }: Hub, pipeline: number | undefined): Promise<readonly Row[]> {
  if (pipeline === undefined) return [];
  const { pipelines, project } = services;
  const rows = restoreRunRows(await pipelines.runs([pipeline], shownRuns), pipeline);
  return Promise.all(
    rows.map(async (row, index) => {
      if (index >= shownResults || isActive(row.run) || row.mode !== "restore") return { ...row, outcome: "" };
      // A run whose report cannot be read is still a run that people want to see.
      const attached = await pipelines.attachments(row.run.id, resultAttachmentType).catch(() => []);
      const result = resultOfRun(attached, project.organizationUrl);
      return { ...row, outcome: result === undefined ? "" : outcomeLine(result) };
    }),
  );
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
