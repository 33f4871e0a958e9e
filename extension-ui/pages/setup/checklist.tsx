import { Checkbox } from "azure-devops-ui/Checkbox";
import { Link } from "azure-devops-ui/Link";
import * as React from "react";
import { SectionCard } from "../../components/section-card.tsx";
import { StateLabel } from "../../components/state-label.tsx";
import { checklistOf, type ChecklistFacts, type ChecklistStep } from "../../model/setup-checklist.ts";
import { pipelineIdentity } from "../../model/setup-storage.ts";
import { useHub, type Hub } from "../hub/hub-context.ts";
import type { SetupDraft } from "./draft.ts";

/** What is to be done, in order, what is done, and where to do it. */
export function SetupChecklist({ draft }: { readonly draft: SetupDraft }): React.ReactElement {
  const hub = useHub();
  const steps = checklistOf(factsOf(hub, draft));
  const done = steps.filter(({ isDone }) => isDone).length;
  return (
    <SectionCard
      title="Checklist"
      about="From nothing to the first backup. Steps that only you can know are ticked by you; what you enter is kept for you."
    >
      <div role="status">{`${done} of ${steps.length} done`}</div>
      <ol className="hub-checklist" aria-label="Steps of Set up">
        {steps.map((step) => (
          <StepItem key={step.id} step={step} hub={hub} />
        ))}
      </ol>
    </SectionCard>
  );
}

function StepItem({ step, hub }: { readonly step: ChecklistStep; readonly hub: Hub }): React.ReactElement {
  const { id, title, how, links, knownBy, isDone } = step;
  return (
    <li aria-label={title}>
      {knownBy === "person" ? (
        <Checkbox label={title} checked={isDone} onChange={(_event, next) => hub.setup.tick(id, next)} />
      ) : (
        <StateLabel mark={isDone ? "good" : "none"} text={title} />
      )}
      {how.map((line) => (
        <div key={line} className="secondary-text">
          {line}
        </div>
      ))}
      {links.map(({ text, url }) => (
        <div key={url}>
          <Link
            href={url}
            target="_blank"
            rel="noopener"
            onClick={(event) => {
              event.preventDefault();
              hub.services.navigation.open(url);
            }}
          >
            {text}
          </Link>
        </div>
      ))}
    </li>
  );
}

function factsOf({ services, settings, setup, vault, hasUnsavedKeys }: Hub, draft: SetupDraft): ChecklistFacts {
  const { ticked } = setup;
  const ids = [draft.backupPipelineId, draft.verifyPipelineId, draft.restorePipelineId];
  return {
    project: services.project,
    ticked,
    hasUnsavedKeys,
    hasKeys: draft.signers.trim() !== "" && draft.recipients.trim() !== "",
    reach: draft.storageBy,
    serviceConnection: draft.serviceConnection,
    subscription: draft.subscription,
    resourceGroup: draft.resourceGroup,
    identity: pipelineIdentity,
    groups: [draft.backupGroup, draft.restoreGroup],
    pipelines: ids.filter((id) => id !== "").length,
    isSaved: settings !== undefined,
    hasSnapshot: (vault.view?.snapshots.length ?? 0) > 0,
    canRead: vault.source?.origin === "storage" && vault.view !== undefined,
  };
}
