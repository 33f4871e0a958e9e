import * as React from "react";
import { CopyText } from "../components/copy-text.tsx";
import { Pill, PillSize } from "azure-devops-ui/Pill";
import { SectionCard } from "../components/section-card.tsx";
import { TextInput } from "../components/text-input.tsx";
import { storageProblems, storageSteps, type StorageField } from "../model/setup-storage.ts";
import { storageSetup, type SetupDraft } from "./setup-draft.ts";
import type { SectionProps } from "./setup-page.tsx";

const fields: readonly {
  readonly field: StorageField & keyof SetupDraft;
  readonly label: string;
  readonly help: string;
}[] = [
  { field: "account", label: "Storage account", help: "Globally unique: lower-case letters and digits." },
  { field: "container", label: "Container", help: "Every project gets a folder of its own in it." },
  { field: "resourceGroup", label: "Resource group", help: "Best in a subscription of its own." },
  { field: "location", label: "Region", help: "Short name, for example westeurope." },
  { field: "keepDays", label: "Days without deletion", help: "For so long nobody can delete or change a backup." },
  {
    field: "writer",
    label: "Identity of the service connection",
    help: "Its application (client) id; empty when the pipelines use a SAS.",
  },
];

/** The storage account's commands, filled in, to copy into Azure Cloud Shell. */
export function SetupStorageSection({ draft, change }: SectionProps): React.ReactElement {
  const setup = storageSetup(draft, location.origin);
  const problems = draft.account === "" ? [] : storageProblems(setup);
  const steps = draft.account === "" || problems.length > 0 ? [] : storageSteps(setup);
  return (
    <SectionCard
      title="2. Storage"
      about="A container of your own. The commands are for Azure Cloud Shell; nothing is changed from this page."
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
      <TextInput
        label="People who browse backups"
        value={draft.readers}
        onChange={(readers) => change({ readers })}
        lines={2}
        isWrong={problems.some(({ field }) => field === "readers")}
        message="Sign-in names or object ids, one per line; may be empty."
      />
      {steps.map(({ title, why, command, isOptional }) => (
        <section key={title} aria-label={title} className="flex-column rhythm-vertical-8">
          <h3 className="hub-heading flex-row flex-center rhythm-horizontal-8">
            <span>{title}</span>
            {isOptional && <Pill size={PillSize.compact}>optional</Pill>}
          </h3>
          <div>{why}</div>
          <CopyText label={title} text={command} />
        </section>
      ))}
    </SectionCard>
  );
}
