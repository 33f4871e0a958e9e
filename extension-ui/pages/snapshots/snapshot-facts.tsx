import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { bytesForPeople, counted } from "../../../engine/foundation/text.ts";
import { anomalyText } from "../../../engine/insight/words.ts";
import { isWhole } from "../../../engine/vault/format/coverage.ts";
import { CoverageText } from "../../components/coverage-text.tsx";
import { StateLabel } from "../../components/state-label.tsx";
import { Tile } from "../../components/tile.tsx";
import { Age } from "../../components/times.tsx";
import { changesText, levelName } from "../../model/format.ts";
import type { Snapshot } from "../../model/vault-source.ts";

export interface SnapshotFactsProps {
  readonly snapshot: Snapshot;
  /** More tiles, from what the page around knows. */
  readonly children?: React.ReactNode;
}

/** What is known of a snapshot without any key; stands alone, for the tab of a run as well. */
export function SnapshotFacts({ snapshot, children }: SnapshotFactsProps): React.ReactElement {
  const { sum, anomalies, isRetired, isDamaged, status } = snapshot;
  const isCovered = sum.coverage === undefined || isWhole(sum.coverage);
  return (
    <>
      {anomalies.length > 0 && (
        <MessageCard severity={MessageCardSeverity.Warning}>
          {`Compared with the snapshot before: ${anomalies.map((anomaly) => anomalyText(anomaly)).join("; ")}.`}
        </MessageCard>
      )}
      {isDamaged && (
        <MessageCard severity={MessageCardSeverity.Error}>
          Objects of this snapshot were found damaged. Restore from another one, and run a verification.
        </MessageCard>
      )}
      {isRetired && (
        <MessageCard severity={MessageCardSeverity.Info}>
          Retention has retired this snapshot: its content is gone, only these figures are left.
        </MessageCard>
      )}
      <div className="hub-tiles">
        <Tile title="Status">
          <StateLabel
            mark={status === "complete" && isCovered ? "good" : "warning"}
            text={status === "complete" ? "Complete" : "Partial"}
          />
        </Tile>
        <Tile title="Coverage">
          <CoverageText coverage={sum.coverage} />
        </Tile>
        <Tile title="Changed">{changesText(sum)}</Tile>
        <Tile title="Holds">{`${counted(sum.items, "item")} in ${counted(sum.streams, "stream")}`}</Tile>
        <Tile title="Size">{`${bytesForPeople(sum.newBytes)} new, ${bytesForPeople(sum.totalBytes)} in all`}</Tile>
        <Tile title="Verified">
          <VerifiedLevels snapshot={snapshot} />
        </Tile>
        {children}
      </div>
    </>
  );
}

function VerifiedLevels({ snapshot }: { readonly snapshot: Snapshot }): React.ReactElement {
  if (snapshot.verifications.length === 0) return <span className="secondary-text">Not yet</span>;
  return (
    <>
      {snapshot.verifications.map((one) => (
        <div key={one.level}>
          {`${levelName(one.level)} `}
          <Age instant={one.at} />
          {one.damaged > 0 ? `, ${one.damaged.toLocaleString()} damaged` : ""}
        </div>
      ))}
    </>
  );
}
