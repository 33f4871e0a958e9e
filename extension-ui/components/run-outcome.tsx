import { Link } from "azure-devops-ui/Link";
import * as React from "react";
import type { Run } from "../model/project-services.ts";
import type { RunProgress } from "../model/run-progress.ts";
import { Issues } from "./issues.tsx";
import { resultMark } from "./progress.tsx";
import { StateLabel } from "./state-label.tsx";

const headlines: Partial<Readonly<Record<Run["state"], string>>> = {
  failed: "The run failed",
  canceled: "The run was canceled",
  issues: "The run succeeded with issues",
};

/** How a run ended that did not simply succeed, and what it complained of: before anything that it reported. */
export function RunOutcome({
  run,
  progress,
}: {
  readonly run: Run;
  readonly progress: RunProgress;
}): React.ReactElement | null {
  const headline = headlines[run.state];
  if (headline === undefined) return null;
  return (
    <section aria-label="How the run ended" className="flex-column rhythm-vertical-8">
      <h2 className="hub-title" role="status">
        <StateLabel mark={resultMark(run.state)} text={headline} />
      </h2>
      <Issues issues={progress.issues} />
      {progress.issues.length === 0 && (
        <div>
          {"It gave no reason; "}
          <Link href={run.url} target="_blank" rel="noopener noreferrer">
            its log
          </Link>
          {" may say more."}
        </div>
      )}
    </section>
  );
}
