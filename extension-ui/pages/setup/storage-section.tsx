import * as React from "react";
import { Choices } from "../../components/choices.tsx";
import { CopyText } from "../../components/copy-text.tsx";
import { SectionCard } from "../../components/section-card.tsx";
import { TextInput } from "../../components/text-input.tsx";
import { shells, type Shell } from "../../model/azure-cli.ts";
import {
  storageProblems,
  storageScript,
  storageSteps,
  type Protection,
  type StorageField,
  type StorageSetup,
} from "../../model/setup-storage.ts";
import { useHub } from "../hub/hub-context.ts";
import { storageSetup, type SetupDraft } from "./draft.ts";
import type { SectionProps } from "./section-props.ts";

const fields: readonly {
  readonly field: StorageField & keyof SetupDraft;
  readonly label: string;
  readonly help: string;
}[] = [
  {
    field: "subscription",
    label: "Azure subscription",
    help: "Name or id. Best one with other owners than Azure DevOps.",
  },
  { field: "account", label: "Storage account", help: "Globally unique: lower-case letters and digits." },
  { field: "container", label: "Container", help: "Every project gets a folder of its own in it." },
  { field: "resourceGroup", label: "Resource group", help: "It is made when it is not there." },
  { field: "location", label: "Region", help: "Short name, for example westeurope." },
  { field: "keepDays", label: "Days without deletion", help: "For so long nobody can delete or change a backup." },
  {
    field: "writer",
    label: "Identity of an existing service connection",
    help: "Its application (client) id. Empty: the script makes an identity.",
  },
];

const protectionTexts: Readonly<Record<Protection, string>> = {
  versions: "For each version of each blob (this page then shows until when every snapshot is safe)",
  container: "For the container as a whole (this page sees only that there is a policy, not until when it protects)",
  none: "None (whoever holds rights on the account can delete backups at once)",
};

const shellNames: Readonly<Record<Shell, string>> = { bash: "bash", powershell: "PowerShell" };

/** One script that makes the storage, filled in, to run in Azure Cloud Shell. */
export function SetupStorageSection({ draft, change }: SectionProps): React.ReactElement {
  const { clock } = useHub();
  const setup = storageSetup(draft, location.origin, clock.now());
  const isBegun = draft.account !== "" || draft.subscription !== "";
  const problems = isBegun ? storageProblems(setup) : [];
  return (
    <SectionCard
      title="2. Storage"
      about="A container of your own. The script is for Azure Cloud Shell; nothing is changed from this page."
    >
      <div className="hub-fields">
        {fields.map(({ field, label, help }) => {
          const problem = problems.find((one) => one.field === field);
          return (
            <TextInput
              key={field}
              label={label}
              value={draft[field]}
              onChange={(value) => change({ [field]: value })}
              isWrong={problem !== undefined}
              message={problem?.message ?? help}
            />
          );
        })}
      </div>
      <Choices
        label="Protection against deletion"
        choices={(["versions", "container", "none"] as const).map((id) => ({ id, text: protectionTexts[id] }))}
        chosen={draft.protection}
        onChoose={(protection) => change({ protection })}
      />
      <TextInput
        label="People who browse backups"
        value={draft.readers}
        onChange={(readers) => change({ readers })}
        lines={2}
        isWrong={problems.some(({ field }) => field === "readers")}
        message="Sign-in names or object ids, one per line; may be empty."
      />
      {isBegun && problems.length === 0 && <Script setup={setup} />}
    </SectionCard>
  );
}

function Script({ setup }: { readonly setup: StorageSetup }): React.ReactElement {
  const [shell, chooseShell] = React.useState<Shell>("bash");
  const steps = storageSteps(setup);
  const lock = steps.find(({ isOptional }) => isOptional);
  return (
    <>
      <Choices
        label="Shell"
        choices={shells.map((id) => ({ id, text: shellNames[id] }))}
        chosen={shell}
        onChoose={chooseShell}
      />
      <section aria-label="Script" className="flex-column rhythm-vertical-8">
        <h3 className="hub-heading">The whole script</h3>
        <ul className="hub-details">
          {steps
            .filter(({ isOptional }) => !isOptional)
            .map(({ title, why }) => (
              <li key={title}>{`${title}: ${why}`}</li>
            ))}
        </ul>
        <CopyText label={`Script for ${shellNames[shell]}`} text={storageScript(setup, shell)} />
      </section>
      {lock !== undefined && (
        <section aria-label={lock.title} className="flex-column rhythm-vertical-8">
          <h3 className="hub-heading">{`${lock.title}, later`}</h3>
          <div>{lock.why}</div>
          <CopyText label={lock.title} text={lock.command} />
        </section>
      )}
    </>
  );
}
