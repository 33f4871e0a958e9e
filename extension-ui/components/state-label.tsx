import { Status, StatusSize, Statuses, type IStatusProps } from "azure-devops-ui/Status";
import * as React from "react";

/** What a snapshot, run or check is like, as one of the marks that Azure DevOps uses. */
export type Mark = "good" | "warning" | "bad" | "running" | "waiting" | "canceled" | "none";

const marks: Readonly<Record<Mark, IStatusProps>> = {
  good: Statuses.Success,
  warning: Statuses.Warning,
  bad: Statuses.Failed,
  running: Statuses.Running,
  waiting: Statuses.Waiting,
  canceled: Statuses.Canceled,
  none: Statuses.Skipped,
};

/** A mark with its meaning in words beside it. */
export function StateLabel({ mark, text }: { readonly mark: Mark; readonly text: string }): React.ReactElement {
  return (
    <span className="hub-state flex-row flex-center">
      <span aria-hidden="true" className="flex-row">
        <Status {...marks[mark]} size={StatusSize.m} />
      </span>
      <span className="text-ellipsis">{text}</span>
    </span>
  );
}
