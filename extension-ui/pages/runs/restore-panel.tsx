import { Checkbox } from "azure-devops-ui/Checkbox";
import * as React from "react";
import { Choices } from "../../components/choices.tsx";
import { ErrorCard } from "../../components/error-card.tsx";
import { SidePanel } from "../../components/side-panel.tsx";
import { TextInput } from "../../components/text-input.tsx";
import { idWithZone, localTime } from "../../components/times.tsx";
import { useAction } from "../../components/use-action.ts";
import {
  archiveParameters,
  choiceProblems,
  defaultChoice,
  previewParameters,
  type ConflictPolicy,
  type Destination,
  type RestoreChoice,
  type WorkItemHistory,
} from "../../model/restore-request.ts";
import type { RestoreParameter } from "../../model/pipeline-parameters.ts";
import { useHub, type Hub } from "../hub/hub-context.ts";
import { freshNonce } from "./start-run.ts";
import { startProven } from "./start-restore.ts";
import type { RestoreSelection } from "../hub/use-panels.ts";

const destinations: readonly { readonly id: Destination; readonly text: string }[] = [
  { id: "azureDevOps", text: "Azure DevOps" },
  { id: "archive", text: "An archive to download (readable files, not encrypted)" },
];
const policies: readonly { readonly id: ConflictPolicy; readonly text: string }[] = [
  { id: "skip", text: "Leave what exists as it is" },
  { id: "overwrite", text: "Make it as in the snapshot (the plan lists what goes)" },
  { id: "rename", text: "Restore beside it, under another name" },
];
const histories: readonly { readonly id: WorkItemHistory; readonly text: string }[] = [
  { id: "attach", text: "As a file attached to the work item" },
  { id: "last 10", text: "Replay the last 10 revisions" },
  { id: "last 100", text: "Replay the last 100 revisions" },
  { id: "replay", text: "Replay all revisions (slow)" },
];

/** Asks what to restore, from where and to where; the run that it starts only makes the plan. */
export function RestorePanel({ selection }: { readonly selection: RestoreSelection }): React.ReactElement {
  const hub = useHub();
  const [choice, setChoice] = React.useState(() => ({
    ...defaultChoice(selection.items, selection.snapshot),
    ...selection.choice,
  }));
  const [nonce] = React.useState(freshNonce);
  const problems = choiceProblems(choice);
  const isArchive = choice.destination === "archive";
  const plan = useAction(async () => {
    const parameters = isArchive ? archiveParameters(choice, nonce) : previewParameters(choice, nonce);
    const run = await startProven(hub, { task: "RestoreItem", parameters });
    hub.picks.clear();
    hub.closePanel();
    hub.go({ ...hub.route, run: run.id });
  });
  const change = (part: Partial<RestoreChoice>): void => setChoice((before) => ({ ...before, ...part }));
  return (
    <SidePanel
      title="Restore"
      description={`Step 1 of 3: what to restore · ${snapshotName(hub, choice.snapshot)}`}
      onDismiss={hub.closePanel}
      buttons={[
        { text: "Cancel", onClick: hub.closePanel },
        {
          text: startLabel(isArchive, plan.isBusy),
          primary: true,
          disabled: plan.isBusy || problems.length > 0,
          onClick: plan.start,
        },
      ]}
    >
      {plan.error !== undefined && <ErrorCard error={plan.error} />}
      <WhatToRestore choice={choice} change={change} />
      <Choices
        label="Where to"
        choices={destinations}
        chosen={choice.destination}
        onChoose={(destination) => change({ destination })}
      />
      {!isArchive && <TargetFields choice={choice} change={change} />}
    </SidePanel>
  );
}

interface FieldsProps {
  readonly choice: RestoreChoice;
  readonly change: (part: Partial<RestoreChoice>) => void;
}

function WhatToRestore({ choice, change }: FieldsProps): React.ReactElement {
  const hub = useHub();
  const [isTouched, touch] = React.useState(false);
  const help = "One per line: work-items/42, git-repositories/Web, or * for the whole project.";
  const isUntouched = !isTouched && choice.items.join("").trim() === "";
  const snapshots = [choice.snapshot, "recommended", "latest"].filter((one, at, all) => all.indexOf(one) === at);
  return (
    <>
      <TextInput
        label="Items"
        value={choice.items.join("\n")}
        onChange={(text) => {
          touch(true);
          change({ items: text.split("\n") });
        }}
        lines={Math.min(8, Math.max(3, choice.items.length))}
        {...(isUntouched ? { message: help } : problem(choice, "items", help))}
      />
      <Choices
        label="Snapshot"
        choices={snapshots.map((id) => ({ id, text: snapshotName(hub, id) }))}
        chosen={choice.snapshot}
        onChoose={(snapshot) => change({ snapshot })}
      />
    </>
  );
}

function TargetFields({ choice, change }: FieldsProps): React.ReactElement {
  return (
    <>
      <TextInput
        label="Target project"
        value={choice.targetProject}
        onChange={(targetProject) => change({ targetProject })}
        placeholder="The project that was backed up"
        {...problem(choice, "targetProject", "Leave it empty to restore into the project that was backed up.")}
      />
      <Checkbox
        label="Create the target project"
        checked={choice.createProject}
        onChange={(_event, createProject) => change({ createProject })}
      />
      <Choices
        label="When an item exists"
        choices={policies}
        chosen={choice.conflictPolicy}
        onChoose={(conflictPolicy) => change({ conflictPolicy })}
      />
      <Choices
        label="History of work items that must be made anew"
        choices={histories}
        chosen={choice.workItemHistory}
        onChoose={(workItemHistory) => change({ workItemHistory })}
      />
    </>
  );
}

function startLabel(isArchive: boolean, isBusy: boolean): string {
  if (isBusy) return "Starting…";
  return isArchive ? "Make the archive" : "Show the plan";
}

function problem(
  choice: RestoreChoice,
  field: RestoreParameter,
  help: string,
): { readonly message: string; readonly isWrong: boolean } {
  const found = choiceProblems(choice).find((one) => one.field === field);
  return { message: found?.message ?? help, isWrong: found !== undefined };
}

function snapshotName({ vault }: Hub, id: string): string {
  if (id === "latest") return "The latest snapshot";
  if (id === "recommended") return "The recommended one: the newest complete snapshot before anything alarming";
  const snapshot = vault.view?.snapshots.find((one) => one.id === id);
  return snapshot === undefined ? `Snapshot ${idWithZone(id)}` : `Snapshot of ${localTime(snapshot.at)}`;
}
