import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import { ZeroData } from "azure-devops-ui/ZeroData";
import * as React from "react";
import { bytesForPeople, counted } from "../../engine/foundation/text.ts";
import { Lines } from "../components/lines.tsx";
import { StateLabel } from "../components/state-label.tsx";
import { Tile } from "../components/tile.tsx";
import { isActive } from "../model/run-request.ts";
import { PlanSummary } from "./plan-view.tsx";
import { ResultSummary } from "./result-summary.tsx";
import { hasReport, type RunReport, type SnapshotReport, type VerificationReport } from "./run-report.ts";
import { SnapshotFacts } from "./snapshot-facts.tsx";

/** Every report of a run, or why there is none. */
export function Report({ report }: { readonly report: RunReport }): React.ReactElement {
  const { run, snapshots, verifications, plan, result } = report;
  if (!hasReport(report))
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
  return (
    <>
      {snapshots.map((one) => (
        <BackedUp key={one.snapshot.id} report={one} />
      ))}
      {verifications.map((one) => (
        <Verified key={one.vault} report={one} />
      ))}
      {result !== undefined && <ResultSummary result={result} />}
      {result === undefined && plan !== undefined && <PlanSummary plan={plan} />}
    </>
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
      <div className="secondary-text">{`Snapshot ${snapshot.id}`}</div>
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
