import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";

/** What was asked for and is not in the snapshot: a plan says nothing of it otherwise. */
export function NeverStored({ lines }: { readonly lines: readonly string[] }): React.ReactElement | null {
  if (lines.length === 0) return null;
  return (
    <MessageCard severity={MessageCardSeverity.Warning}>
      <ul className="hub-details">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </MessageCard>
  );
}
