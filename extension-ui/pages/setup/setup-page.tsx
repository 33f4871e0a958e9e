import * as React from "react";
import { needsConfirmation } from "../../model/settings-trust.ts";
import { useHub } from "../hub/hub-context.ts";
import { SetupCheckSection } from "./check-section.tsx";
import { SetupChecklist } from "./checklist.tsx";
import { draftOf, type SetupDraft } from "./draft.ts";
import { SetupKeysSection } from "./keys-section.tsx";
import { SetupPipelinesSection } from "./pipelines-section.tsx";
import { SetupSettingsSection } from "./settings-section.tsx";
import { SetupStorageSection } from "./storage-section.tsx";

/** From nothing to a first backup; later the place of the settings. */
export function SetupPage(): React.ReactElement {
  const { settings, services, trust, setup } = useHub();
  // Files made of what somebody else has put there would carry it into the pipelines.
  if (needsConfirmation(trust)) return <div>Set up shows its files once the settings above are confirmed.</div>;
  const draft = draftOf(settings, setup);
  const change = (part: Partial<SetupDraft>): void => setup.tell(part);
  return (
    <>
      {settings === undefined && (
        <div className="hub-lead">
          {`Set up backups of ${services.project.name}: keys, a container, three pipelines. It takes about a quarter of an hour.`}
        </div>
      )}
      <SetupChecklist draft={draft} />
      <SetupKeysSection draft={draft} change={change} />
      <SetupStorageSection draft={draft} change={change} />
      <SetupPipelinesSection draft={draft} change={change} />
      <SetupSettingsSection draft={draft} change={change} />
      {settings !== undefined && <SetupCheckSection />}
    </>
  );
}
