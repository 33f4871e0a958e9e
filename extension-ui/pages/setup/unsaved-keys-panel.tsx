import { Button } from "azure-devops-ui/Button";
import * as React from "react";
import { saveFile } from "../../components/save-file.ts";
import { SidePanel } from "../../components/side-panel.tsx";
import { allKeysFile } from "../../model/setup-keys.ts";
import { useHub } from "../hub/hub-context.ts";
import type { Route } from "../hub/route.ts";

/** Before the person leaves Set up with keys that nobody has saved. */
export function UnsavedKeysPanel({ to }: { readonly to: Partial<Route> }): React.ReactElement {
  const { services, clock, madeKeys, markKeysSaved, closePanel, leaveKeys } = useHub();
  const leave = (): void => {
    closePanel();
    leaveKeys(to);
  };
  const save = (): void => {
    if (madeKeys === undefined) return;
    const { project } = services;
    saveFile(allKeysFile(madeKeys, { project, organizationUrl: project.organizationUrl, madeAt: clock.now() }));
    markKeysSaved();
    leave();
  };
  return (
    <SidePanel
      title="Your new keys are not saved"
      onDismiss={closePanel}
      buttons={[
        { text: "Stay with the keys", onClick: closePanel },
        { text: "Leave without saving", danger: true, onClick: leave },
      ]}
    >
      <div>
        They exist in this tab only. They stay here while it is open; closing or reloading it loses them, and nobody can
        make them again: what is backed up with them could never be read.
      </div>
      <div>
        <Button text="Save all keys as one file, and leave" primary onClick={save} />
      </div>
    </SidePanel>
  );
}
