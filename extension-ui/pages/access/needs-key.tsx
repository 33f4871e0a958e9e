import { ZeroData, ZeroDataActionType } from "azure-devops-ui/ZeroData";
import * as React from "react";
import { useHub } from "../hub/hub-context.ts";

/** Why names cannot be shown, and what opens them: storage first, then the viewer key. */
export function NeedsKey(): React.ReactElement {
  const { vault, openPanel } = useHub();
  if (vault.source?.origin === "runs")
    return (
      <ZeroData
        iconProps={{ iconName: "PlugDisconnected" }}
        imageAltText=""
        primaryText="Connect to storage to see what is inside"
        secondaryText="Runs report figures only. What a snapshot holds stands in your storage account."
        actionText="Connect to storage"
        actionType={ZeroDataActionType.ctaButton}
        onActionClick={() => openPanel({ form: "storage" })}
      />
    );
  return (
    <ZeroData
      iconProps={{ iconName: "Lock" }}
      imageAltText=""
      primaryText="Enter the viewer key to see names"
      secondaryText="Names of repositories, branches and work items are encrypted in the vault. They are decrypted in this browser only."
      actionText="Enter the viewer key"
      actionType={ZeroDataActionType.ctaButton}
      onActionClick={() => openPanel({ form: "viewer-key" })}
    />
  );
}
