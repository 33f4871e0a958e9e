import { Button } from "azure-devops-ui/Button";
import { Card } from "azure-devops-ui/Card";
import * as React from "react";
import { describeError } from "../../../engine/foundation/errors.ts";
import { counted } from "../../../engine/foundation/text.ts";
import { SectionCard } from "../../components/section-card.tsx";
import { StateLabel, type Mark } from "../../components/state-label.tsx";
import { chainText } from "../../model/format.ts";
import { everything } from "../../model/pipeline-parameters.ts";
import { defaultChoice, previewParameters } from "../../model/restore-request.ts";
import { backUpParameters, verifyParameters } from "../../model/run-request.ts";
import { useHub, type Hub } from "../hub/hub-context.ts";
import { prove, type OurRun } from "../runs/start-restore.ts";
import { freshNonce } from "../runs/start-run.ts";
import { VaultError } from "../access/vault-error.tsx";

interface Check {
  readonly title: string;
  readonly mark: Mark;
  readonly detail: string;
}

/** Whether the page reaches what it was given: storage, and each pipeline with our task in it. */
export function SetupCheckSection(): React.ReactElement {
  const hub = useHub();
  const [checks, setChecks] = React.useState<readonly Check[]>([]);
  const [isBusy, setBusy] = React.useState(false);
  const start = (): void => {
    setBusy(true);
    hub.vault.reload();
    void Promise.all(wanted().map((one) => checkPipeline(hub, one))).then((found) => {
      setChecks(found);
      setBusy(false);
    });
  };
  const shown = checks.length === 0 ? [] : [storageCheck(hub), ...checks];
  return (
    <SectionCard title="5. Check" about="Starts nothing: pipelines are only asked what they would run.">
      <div>
        <Button text={isBusy ? "Checking…" : "Check what this page can reach"} disabled={isBusy} onClick={start} />
      </div>
      <div role="status">
        {shown.length > 0 && (
          <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
            <ul className="hub-rows">
              {shown.map(({ title, mark, detail }) => (
                <li key={title}>
                  <StateLabel mark={mark} text={title} />
                  <div className="secondary-text">{detail}</div>
                </li>
              ))}
            </ul>
          </Card>
        )}
      </div>
      {shown.length > 0 && <VaultError />}
    </SectionCard>
  );
}

function wanted(): readonly (OurRun & { readonly title: string })[] {
  const nonce = freshNonce();
  return [
    { title: "Backup pipeline", task: "BackupProject", parameters: backUpParameters(nonce) },
    {
      title: "Verify pipeline",
      task: "VerifyBackup",
      parameters: verifyParameters({ snapshot: "latest", level: "stored" }, nonce),
    },
    {
      title: "Restore pipeline",
      task: "RestoreItem",
      parameters: previewParameters(defaultChoice([everything], "latest"), nonce),
    },
  ];
}

async function checkPipeline(hub: Hub, { title, ...run }: OurRun & { readonly title: string }): Promise<Check> {
  try {
    const { serviceConnections } = await prove(hub, run);
    const by = serviceConnections.length === 0 ? "" : `; it uses ${serviceConnections.join(", ")}`;
    return { title, mark: "good", detail: `It runs our ${run.task} task${by}.` };
  } catch (error) {
    return { title, mark: "bad", detail: describeError(error) };
  }
}

function storageCheck({ vault, access, settings }: Hub): Check {
  const title = "Storage";
  if (settings?.containerUrl === undefined)
    return { title, mark: "none", detail: "No container address is saved: only what runs report is shown." };
  if (access === undefined) return { title, mark: "warning", detail: "Enter a SAS under Storage access to read it." };
  if (vault.error !== undefined) return { title, mark: "bad", detail: "It cannot be read; the reason stands below." };
  if (vault.view === undefined) return { title, mark: "running", detail: "Reading…" };
  const { snapshots, chain } = vault.view;
  return { title, mark: "good", detail: `${counted(snapshots.length, "snapshot")}. ${chainText(chain)}.` };
}
