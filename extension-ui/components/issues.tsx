import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { withLocalTimes } from "../model/times.ts";
import type { ProgressIssue } from "../model/run-progress.ts";

/** Errors first. */
export function Issues({ issues }: { readonly issues: readonly ProgressIssue[] }): React.ReactElement {
  const ordered = [...issues].sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
  return (
    <>
      {ordered.map(({ severity, message, step }, index) => (
        <MessageCard
          key={index}
          severity={severity === "error" ? MessageCardSeverity.Error : MessageCardSeverity.Warning}
        >
          {withLocalTimes(step === "" ? message : `${step}: ${message}`)}
        </MessageCard>
      ))}
    </>
  );
}
