import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { Choices } from "../../components/choices.tsx";
import { CopyText } from "../../components/copy-text.tsx";
import { Lines } from "../../components/lines.tsx";
import { SectionCard } from "../../components/section-card.tsx";
import { TextInput } from "../../components/text-input.tsx";
import { pipelineFiles, type PipelineFile } from "../../model/setup-pipelines.ts";
import { scheduleChoices, schedules } from "../../model/setup-schedule.ts";
import { pipelineSetupProblems, type SetupField, type SetupProblem } from "../../model/setup-problems.ts";
import { useHub } from "../hub/hub-context.ts";
import { pipelineSetup, type SetupDraft } from "./draft.ts";
import type { SectionProps } from "./section-props.ts";

const titles: Readonly<Record<PipelineFile["purpose"], string>> = {
  backup: "Backup pipeline",
  verify: "Verify pipeline",
  restore: "Restore pipeline",
};

interface FieldFacts {
  readonly field: SetupField & keyof SetupDraft;
  readonly label: string;
  readonly help: string;
}

const fields: readonly FieldFacts[] = [
  { field: "backupGroup", label: "Variable group for backups", help: "Holds the agent key as a secret." },
  {
    field: "restoreGroup",
    label: "Variable group for restores",
    help: "Holds the recovery key; put an approval on it.",
  },
  { field: "branch", label: "Branch", help: "Schedules run on it." },
  { field: "rpoHours", label: "Recovery point objective in hours", help: "A newer snapshot is due after so long." },
  {
    field: "retention",
    label: "Retention",
    help: "For example last=7 daily=30 weekly=12 monthly=12 yearly=7; empty keeps everything.",
  },
];

/** YAML of the three pipelines, filled in for this project. */
export function SetupPipelinesSection({ draft, change }: SectionProps): React.ReactElement {
  const { services, vault } = useHub();
  const chain = vault.view?.chain;
  const head = chain?.state === "checked" ? chain.head : undefined;
  const setup = pipelineSetup(draft, services.project, head);
  const problems = pipelineSetupProblems(setup);
  return (
    <SectionCard
      title="3. Pipelines"
      about="Put each file into a repository of this project and make a pipeline of it. Secrets stay in variable groups."
    >
      <StorageChoice draft={draft} change={change} problems={problems} />
      <AgentChoice draft={draft} change={change} problems={problems} />
      <SignInChoice draft={draft} change={change} />
      <ScheduleField draft={draft} change={change} />
      <div className="hub-fields">
        {fields.map((facts) => (
          <SetupText key={facts.field} {...facts} draft={draft} change={change} problems={problems} />
        ))}
      </div>
      {problems.length > 0 ? (
        <MessageCard severity={MessageCardSeverity.Info}>
          <div>
            The files are shown when everything is filled in. Missing or wrong:
            <ul className="hub-details">
              {problems.map(({ field, message }) => (
                <li key={field}>{`${fieldNames[field]}: ${message}`}</li>
              ))}
            </ul>
          </div>
        </MessageCard>
      ) : (
        pipelineFiles(setup).map((file) => <PipelineText key={file.purpose} file={file} />)
      )}
    </SectionCard>
  );
}

const fieldNames: Readonly<Record<SetupField, string>> = {
  serviceConnection: "service connection",
  storageAccount: "storage account",
  containerName: "container",
  containerUrl: "container address",
  recoveryRecipients: "recovery recipients",
  signers: "signers",
  head: "head of the log",
  pool: "agent pool",
  backupGroup: "variable group for backups",
  restoreGroup: "variable group for restores",
  branch: "branch",
  rpoHours: "recovery point objective",
  retention: "retention",
};

interface ChoiceProps extends SectionProps {
  readonly problems: readonly SetupProblem[];
}

function StorageChoice({ draft, change, problems }: ChoiceProps): React.ReactElement {
  return (
    <>
      <Choices
        label="How the pipelines reach storage"
        choices={[
          { id: "serviceConnection", text: "By an Azure service connection (no secret)" },
          { id: "containerUrl", text: "By the container's address and a SAS in a secret variable" },
        ]}
        chosen={draft.storageBy}
        onChoose={(storageBy) => change({ storageBy })}
      />
      {draft.storageBy === "serviceConnection" && (
        <SetupText
          field="serviceConnection"
          label="Service connection"
          help="Name of an Azure Resource Manager connection of this project."
          draft={draft}
          change={change}
          problems={problems}
        />
      )}
    </>
  );
}

function AgentChoice({ draft, change, problems }: ChoiceProps): React.ReactElement {
  return (
    <>
      <Choices
        label="Agents"
        choices={[
          { id: "hosted", text: "Microsoft-hosted" },
          { id: "own", text: "A pool of your own" },
        ]}
        chosen={draft.agents}
        onChoose={(agents) => change({ agents })}
      />
      {draft.agents === "own" && (
        <SetupText
          field="pool"
          label="Pool"
          help="Name of the pool."
          draft={draft}
          change={change}
          problems={problems}
        />
      )}
    </>
  );
}

/** The agreed age of the newest backup follows the schedule, until somebody sets it apart. */
function ScheduleField({ draft, change }: SectionProps): React.ReactElement {
  return (
    <Choices
      label="Backups run"
      choices={scheduleChoices.map((id) => ({ id, text: schedules[id].text }))}
      chosen={draft.schedule}
      onChoose={(schedule) => change({ schedule, rpoHours: String(schedules[schedule].rpoHours) })}
    />
  );
}

function SignInChoice({ draft, change }: SectionProps): React.ReactElement {
  const choices = [
    { id: "jobToken", text: "The job's own token" },
    { id: "accessToken", text: "A personal access token in the secret variable AccessToken" },
  ] as const;
  return (
    <div className="hub-fields">
      <Choices
        label="Backups sign in with"
        choices={choices}
        chosen={draft.backupSignIn}
        onChoose={(backupSignIn) => change({ backupSignIn })}
      />
      <Choices
        label="Restores sign in with"
        choices={choices}
        chosen={draft.restoreSignIn}
        onChoose={(restoreSignIn) => change({ restoreSignIn })}
      />
    </div>
  );
}

function SetupText({ field, label, help, draft, change, problems }: FieldFacts & ChoiceProps): React.ReactElement {
  const problem = problems.find((one) => one.field === field);
  return (
    <TextInput
      label={label}
      value={draft[field]}
      onChange={(value) => change({ [field]: value })}
      isWrong={problem !== undefined}
      message={problem?.message ?? help}
    />
  );
}

function PipelineText({ file }: { readonly file: PipelineFile }): React.ReactElement {
  const title = titles[file.purpose];
  const secrets = file.secrets.map(({ variable, group, holds }) => `${variable} in ${group}: ${holds}`);
  return (
    <section aria-label={title} className="flex-column rhythm-vertical-8">
      <h3 className="hub-heading">{`${title}: ${file.path}`}</h3>
      <Lines title="Secret variables" lines={secrets} />
      <CopyText label={`YAML of the ${title.toLowerCase()}`} text={file.yaml} />
    </section>
  );
}
