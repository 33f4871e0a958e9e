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

export interface StateLabelProps {
  readonly mark: Mark;
  readonly text: string;
  /** A text that people must read whole goes on in the next line; others end in an ellipsis. */
  readonly wraps?: boolean;
}

/** A mark with its meaning in words beside it. */
export function StateLabel({ mark, text, wraps }: StateLabelProps): React.ReactElement {
  return (
    <span className="hub-state flex-row flex-center">
      <span aria-hidden="true" className="flex-row">
        <Status {...marks[mark]} size={StatusSize.m} />
      </span>
      <span className={wraps === true ? "hub-wrap" : "text-ellipsis"} title={text}>
        {text}
      </span>
    </span>
  );
}
