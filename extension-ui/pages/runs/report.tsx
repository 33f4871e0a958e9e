import { Link } from "azure-devops-ui/Link";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import { ZeroData } from "azure-devops-ui/ZeroData";
import * as React from "react";
import { bytesForPeople, counted } from "../../../engine/foundation/text.ts";
import { Lines } from "../../components/lines.tsx";
import { RunOutcome } from "../../components/run-outcome.tsx";
import { StateLabel } from "../../components/state-label.tsx";
import { idWithZone } from "../../components/times.tsx";
import { Tile } from "../../components/tile.tsx";
import type { Run } from "../../model/project-services.ts";
import { isActive } from "../../model/run-request.ts";
import { PlanSummary, type PlanOffers } from "./plan-view.tsx";
import { ResultSummary } from "./result-summary.tsx";
import { hasReport, isStalePlan, offeredPlan } from "./run-report.ts";
import type { ArchiveReport, RunReport, SnapshotReport, VerificationReport } from "./run-report.ts";
import { SnapshotFacts } from "../snapshots/snapshot-facts.tsx";

export interface ReportProps {
  readonly report: RunReport;
  /** What may be done about its plan; nothing where the report is only shown. */
  readonly offers?: PlanOffers;
}

/** How a run ended, then everything that it has reported, or why there is nothing. */
export function Report({ report, offers }: ReportProps): React.ReactElement {
  const { run, snapshots, verifications, result, archive, progress } = report;
  const plan = offeredPlan(report);
  return (
    <>
      <RunOutcome run={run} progress={progress} />
      {isStalePlan(report) && <StalePlan />}
      {!hasReport(report) && <NoReport run={run} />}
      {snapshots.map((one) => (
        <BackedUp key={one.snapshot.id} report={one} />
      ))}
      {verifications.map((one) => (
        <Verified key={one.vault} report={one} />
      ))}
      {result !== undefined && <ResultSummary result={result} />}
      {plan !== undefined && <PlanSummary plan={plan} {...(offers === undefined ? {} : { offers })} />}
      {archive !== undefined && <Archive archive={archive} />}
    </>
  );
}

/** One that failed has said so already. */
function NoReport({ run }: { readonly run: Run }): React.ReactElement | null {
  if (run.state === "failed" || run.state === "canceled") return null;
  return (
    <ZeroData
      iconProps={{ iconName: "ReportDocument" }}
      imageAltText=""
      primaryText={isActive(run) ? "No report yet" : "No report"}
      secondaryText={
        isActive(run)
          ? "The tasks attach their reports when they are done."
          : "The run ended before its backup tasks had something to report; its log says why."
      }
    />
  );
}

function StalePlan(): React.ReactElement {
  return (
    <MessageCard severity={MessageCardSeverity.Warning}>
      The plan that was agreed to is not what would be done now: the snapshot or the target has changed since, perhaps
      by another restore. This run has changed nothing. Make a new plan, look at it, and agree to that one.
    </MessageCard>
  );
}

function Archive({ archive }: { readonly archive: ArchiveReport }): React.ReactElement {
  const { downloadUrl, pageUrl } = archive;
  const page = (
    <Link href={pageUrl} target="_blank" rel="noopener noreferrer">
      Open the run's artifacts
    </Link>
  );
  if (downloadUrl === undefined)
    return (
      <MessageCard severity={MessageCardSeverity.Warning}>
        <div>The archive is not among the artifacts of this run any more. {page}</div>
      </MessageCard>
    );
  return (
    <section aria-label="Archive" className="flex-column rhythm-vertical-8">
      <div>
        The archive is the artifact <strong>project-backup</strong> of this run. Its files are readable: they are not
        encrypted any more.
      </div>
      <Link href={downloadUrl} target="_blank" rel="noopener noreferrer">
        Download the archive
      </Link>
      {page}
    </section>
  );
}

function BackedUp({ report }: { readonly report: SnapshotReport }): React.ReactElement {
  const { project, snapshot, gaps, findings, lacking } = report;
  return (
    <section aria-label={`Backup of ${project}`} className="flex-column rhythm-vertical-16">
      <h2 className="hub-title">{`Backup of ${project}`}</h2>
      {gaps > 0 && (
        <MessageCard severity={MessageCardSeverity.Warning}>
          {`${counted(gaps, "thing")} could not be read; the run's summary lists them with what helps.`}
        </MessageCard>
      )}
      {lacking.length > 0 && (
        <MessageCard severity={MessageCardSeverity.Warning}>
          <ul className="hub-details">
            {lacking.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </MessageCard>
      )}
      {findings > 0 && <div>{`${counted(findings, "finding")} in the run's summary.`}</div>}
      <SnapshotFacts snapshot={snapshot} />
      <div className="secondary-text">{`Snapshot ${idWithZone(snapshot.id)}`}</div>
    </section>
  );
}

function Verified({ report }: { readonly report: VerificationReport }): React.ReactElement {
  const { damaged, damage, log, level, sample, snapshots, checkedObjects, checkedBytes, tooOld } = report;
  const isIntact = damaged === 0 && log.length === 0;
  return (
    <section aria-label="Verification" className="flex-column rhythm-vertical-16">
      <h2 className="hub-title">Verification</h2>
      {tooOld && (
        <MessageCard severity={MessageCardSeverity.Warning}>
          The newest complete snapshot is older than the recovery point objective allows.
        </MessageCard>
      )}
      <div className="hub-tiles">
        <Tile title="Result">
          <StateLabel mark={isIntact ? "good" : "bad"} text={isIntact ? "Intact" : "Damaged"} />
        </Tile>
        <Tile title="Level">{`${level}, ${sample}`}</Tile>
        <Tile title="Snapshots">{snapshots.toLocaleString()}</Tile>
        <Tile title="Read">{`${counted(checkedObjects, "object")}, ${bytesForPeople(checkedBytes)}`}</Tile>
      </div>
      {damage.length > 0 && <Lines title="Damaged" lines={damage} />}
      {log.length > 0 && <Lines title="The log" lines={log} />}
    </section>
  );
}
