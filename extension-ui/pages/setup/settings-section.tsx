import { Button } from "azure-devops-ui/Button";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { ErrorCard } from "../../components/error-card.tsx";
import { SectionCard } from "../../components/section-card.tsx";
import { SelectInput } from "../../components/select-input.tsx";
import { TextInput } from "../../components/text-input.tsx";
import { useAction } from "../../components/use-action.ts";
import { useLoaded } from "../../components/use-loaded.ts";
import { pipelinePaths } from "../../model/setup-pipelines.ts";
import { useHub } from "../hub/hub-context.ts";
import { containerUrlIn, settingsOf, settingsProblems } from "./draft.ts";
import type { SectionProps } from "./section-props.ts";

const pipelineFields: readonly {
  readonly field: "backupPipelineId" | "verifyPipelineId" | "restorePipelineId";
  readonly label: string;
  readonly file: string;
}[] = [
  { field: "backupPipelineId", label: "Backup pipeline", file: pipelinePaths.backup },
  { field: "verifyPipelineId", label: "Verify pipeline", file: pipelinePaths.verify },
  { field: "restorePipelineId", label: "Restore pipeline", file: pipelinePaths.restore },
];

/** What the hub remembers for everybody in the project; nothing secret. */
export function SetupSettingsSection({ draft, change }: SectionProps): React.ReactElement {
  const { services, settings, saveSettings, go } = useHub();
  const problems = settingsProblems(draft, settings);
  const [saved, setSaved] = React.useState("");
  const save = useAction(async () => {
    setSaved("");
    // The first settings bring the other tabs: people stay here, where their keys are shown.
    go({ tab: "setup" });
    await saveSettings(settingsOf(draft));
    setSaved("Saved");
    services.messages.toast("The settings of the hub are saved");
  });
  return (
    <SectionCard
      title="4. Settings of this page"
      about="Shared by everybody in the project. Keys and signatures are never saved."
    >
      <PipelineFields draft={draft} change={change} />
      <VaultFields draft={draft} change={change} />
      {problems.recipients !== undefined && (
        <MessageCard
          severity={MessageCardSeverity.Warning}
        >{`Recovery recipients: ${problems.recipients}`}</MessageCard>
      )}
      {save.error !== undefined && <ErrorCard error={save.error} />}
      <div className="flex-row flex-center rhythm-horizontal-8">
        <Button
          text={save.isBusy ? "Saving…" : "Save the settings"}
          primary
          disabled={save.isBusy || Object.keys(problems).length > 0}
          onClick={save.start}
        />
        <span role="status" className="secondary-text">
          {saved}
        </span>
      </div>
    </SectionCard>
  );
}

function PipelineFields({ draft, change }: SectionProps): React.ReactElement {
  const { services } = useHub();
  const pipelines = useLoaded(() => services.pipelines.list(), [services]);
  const found = usePipelinesByFile({ draft, change });
  const readAgain = (): void => {
    pipelines.reload();
    found.reload();
  };
  const options = [
    { value: "", text: "Not chosen" },
    ...(pipelines.value ?? []).map(({ id, name, folder }) => ({
      value: String(id),
      text: folder === "" || folder === "\\" ? name : `${folder}\\${name}`,
    })),
  ];
  return (
    <>
      {pipelines.error !== undefined && <ErrorCard error={pipelines.error} retry={pipelines.reload} />}
      <div className="hub-fields">
        {pipelineFields.map(({ field, label }) => (
          <SelectInput
            key={field}
            label={label}
            value={draft[field]}
            options={options}
            onChange={(value) => change({ [field]: value })}
          />
        ))}
      </div>
      <div>
        <Button text="Read the list of pipelines again" disabled={pipelines.isLoading} onClick={readAgain} />
      </div>
    </>
  );
}

/** Chooses the pipelines whose file is the one that Set up shows, where that leaves no doubt. */
function usePipelinesByFile({ draft, change }: SectionProps): { readonly reload: () => void } {
  const { services } = useHub();
  const found = useLoaded(async () => {
    const lists = await Promise.all(pipelineFields.map(({ file }) => services.pipelines.byFile(file)));
    return pipelineFields.map(({ field }, index) => ({ field, pipelines: lists[index] ?? [] }));
  }, [services]);
  React.useEffect(() => {
    const chosen = (found.value ?? []).flatMap(({ field, pipelines: [only, second] }) =>
      only === undefined || second !== undefined || draft[field] !== "" ? [] : [[field, String(only.id)] as const],
    );
    if (chosen.length > 0) change(Object.fromEntries(chosen));
  }, [found.value]);
  const { reload } = found;
  React.useEffect(() => {
    const comeBack = (): void => {
      if (!document.hidden) reload();
    };
    document.addEventListener("visibilitychange", comeBack);
    return () => document.removeEventListener("visibilitychange", comeBack);
  }, [reload]);
  return { reload };
}

function VaultFields({ draft, change }: SectionProps): React.ReactElement {
  const { settings } = useHub();
  const problems = settingsProblems(draft, settings);
  return (
    <>
      <TextInput
        label="Container address"
        value={draft.containerUrl}
        onChange={(containerUrl) => change({ containerUrl })}
        placeholder={containerUrlIn({ ...draft, containerUrl: "" })}
        {...problemOf(problems.containerUrl, "https address without a SAS. Empty: only what runs report is shown.")}
      />
      <TextInput
        label="Signers"
        value={draft.signers}
        onChange={(signers) => change({ signers })}
        lines={2}
        placeholder="agent=ed25519:…"
        {...problemOf(
          problems.signers,
          "Public keys, one per line, each with its role: agent=ed25519:… or owner=ed25519:…. Other signatures are alarms.",
        )}
      />
      <div className="hub-fields">
        <TextInput
          label="Entra application"
          value={draft.entraClientId}
          onChange={(entraClientId) => change({ entraClientId })}
          {...problemOf(problems.entraClientId, "Application (client) id for signing in to storage; may be empty.")}
        />
        <TextInput
          label="Entra tenant"
          value={draft.entraTenantId}
          onChange={(entraTenantId) => change({ entraTenantId })}
          {...problemOf(problems.entraTenantId, "Directory (tenant) id; may be empty.")}
        />
      </div>
    </>
  );
}

function problemOf(problem: string | undefined, help: string): { readonly message: string; readonly isWrong: boolean } {
  return { message: problem ?? help, isWrong: problem !== undefined };
}
