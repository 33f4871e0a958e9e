import { Link } from "azure-devops-ui/Link";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import type { RunProgress } from "../model/run-progress.ts";
import { Issues } from "./issues.tsx";
import { StateLabel, type Mark } from "./state-label.tsx";

/** Where a run is and what it waits for; changes are read out. */
export function Progress({
  progress,
  url,
}: {
  readonly progress: RunProgress;
  readonly url: string;
}): React.ReactElement {
  const { headline, percent, approvals, issues, steps } = progress;
  return (
    <div className="flex-column rhythm-vertical-16">
      <div role="status" className="font-weight-semibold">
        {headline}
      </div>
      <div
        className={percent === undefined ? "hub-bar hub-bar-unknown" : "hub-bar"}
        role="progressbar"
        aria-label="Progress of the run"
        aria-valuemin={0}
        aria-valuemax={100}
        {...(percent === undefined ? {} : { "aria-valuenow": percent })}
      >
        <div className="hub-bar-done" style={{ width: `${percent ?? 30}%` }} />
      </div>
      {approvals.length > 0 && (
        <MessageCard severity={MessageCardSeverity.Info}>
          <div>
            {`${approvals.join(", ")} waits for people to approve. `}
            <Link href={url} target="_blank" rel="noopener noreferrer">
              Open the run to approve
            </Link>
          </div>
        </MessageCard>
      )}
      <Issues issues={issues} />
      <ul className="hub-steps" aria-label="Steps of the run">
        {steps.map((step) => (
          <li key={step.id}>
            <StateLabel mark={markOf(step)} text={step.name} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function markOf({ state, result }: RunProgress["steps"][number]): Mark {
  if (state === "pending") return "waiting";
  if (state === "running") return "running";
  return resultMarks[result ?? "succeeded"];
}

const resultMarks: Readonly<Record<NonNullable<RunProgress["steps"][number]["result"]>, Mark>> = {
  queued: "waiting",
  running: "running",
  succeeded: "good",
  issues: "warning",
  failed: "bad",
  canceled: "canceled",
  skipped: "none",
};

/** The mark of a run or step that has ended so, or is under way. */
export function resultMark(result: keyof typeof resultMarks): Mark {
  return resultMarks[result];
}
