import * as React from "react";
import { ErrorCard } from "../../components/error-card.tsx";
import { SidePanel } from "../../components/side-panel.tsx";
import { useAction } from "../../components/use-action.ts";
import { activeRun, backUpParameters } from "../../model/run-request.ts";
import { useHub } from "../hub/hub-context.ts";
import { startProven } from "./start-restore.ts";
import { freshNonce } from "./start-run.ts";

const recentRuns = 20;

/** Starts the backup pipeline; a run that is under way already is followed instead. */
export function BackUpPanel(): React.ReactElement {
  const hub = useHub();
  const { services, settings, closePanel, go, route } = hub;
  const [nonce] = React.useState(freshNonce);
  const start = useAction(async () => {
    const pipeline = settings?.backupPipelineId;
    const running =
      pipeline === undefined ? undefined : activeRun(await services.pipelines.runs([pipeline], recentRuns), pipeline);
    const run = running ?? (await startProven(hub, { task: "BackupProject", parameters: backUpParameters(nonce) }));
    services.messages.toast(
      running === undefined ? `Backup started: run ${run.id}` : `Run ${run.id} is backing up already`,
    );
    closePanel();
    go({ ...route, run: run.id });
  });
  return (
    <SidePanel
      title="Back up now"
      onDismiss={closePanel}
      buttons={[
        { text: "Cancel", onClick: closePanel },
        { text: start.isBusy ? "Starting…" : "Back up", primary: true, disabled: start.isBusy, onClick: start.start },
      ]}
    >
      {start.error !== undefined && <ErrorCard error={start.error} />}
      <div>
        {`Runs the backup pipeline for the project ${services.project.name}. Only what has changed since the last snapshot is stored.`}
      </div>
    </SidePanel>
  );
}
