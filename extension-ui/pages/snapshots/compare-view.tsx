import { FormItem } from "azure-devops-ui/FormItem";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { idWithZone, localTime } from "../../components/times.tsx";
import { compareStreams } from "../../model/compare.ts";
import { previousSnapshot } from "../../model/snapshot-rows.ts";
import type { Snapshot, StreamLine } from "../../model/vault-source.ts";
import { useHub } from "../hub/hub-context.ts";
import { Opened } from "../access/opened.tsx";
import { StreamDifferences } from "./stream-differences.tsx";
import { useStreams } from "../shared/use-streams.ts";

export interface CompareViewProps {
  readonly snapshot: Snapshot;
  readonly lines: readonly StreamLine[];
}

/** This snapshot against any other one. */
export function CompareView({ snapshot, lines }: CompareViewProps): React.ReactElement {
  const hub = useHub();
  const others = (hub.vault.view?.snapshots ?? []).filter(({ id, isRetired }) => !isRetired && id !== snapshot.id);
  const other = others.find(({ id }) => id === hub.route.against) ?? previousSnapshot(others, snapshot) ?? others[0];
  if (other === undefined) return <div className="secondary-text">There is no other snapshot to compare with.</div>;
  const { against } = hub.route;
  return (
    <div className="flex-column rhythm-vertical-16">
      {against !== undefined && against !== other.id && (
        <MessageCard severity={MessageCardSeverity.Warning}>
          {`The snapshot ${idWithZone(against)} is not there (any more); another one is shown instead.`}
        </MessageCard>
      )}
      <FormItem label="Compare with">
        <select
          className="hub-select"
          aria-label="Compare with"
          value={other.id}
          onChange={({ target }) => hub.go({ ...hub.route, against: target.value })}
        >
          {others.map(({ id, at, status }) => (
            <option key={id} value={id}>
              {localTime(at)} ({status})
            </option>
          ))}
        </select>
      </FormItem>
      <Differences snapshot={snapshot} lines={lines} other={other} />
    </div>
  );
}

/** What is different between a snapshot and another one; the older one is where the changes start from. */
export function Differences({
  snapshot,
  lines,
  other,
}: CompareViewProps & { readonly other: Snapshot }): React.ReactElement {
  const loaded = useStreams(other);
  return (
    <Opened loaded={loaded} label="Comparing the snapshots">
      {(otherLines) => <Compared snapshot={snapshot} other={other} lines={lines} otherLines={otherLines} />}
    </Opened>
  );
}

interface ComparedProps extends CompareViewProps {
  readonly other: Snapshot;
  readonly otherLines: readonly StreamLine[];
}

function Compared({ snapshot, other, lines, otherLines }: ComparedProps): React.ReactElement {
  const isForward = other.seq < snapshot.seq;
  const comparison = React.useMemo(
    () => (isForward ? compareStreams(otherLines, lines) : compareStreams(lines, otherLines)),
    [isForward, lines, otherLines],
  );
  return <StreamDifferences comparison={comparison} older={isForward ? other : snapshot} />;
}
