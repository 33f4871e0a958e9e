import { Card } from "azure-devops-ui/Card";
import * as React from "react";
import { lostAfter, type LostStream } from "../../../engine/insight/recovery-point.ts";
import { StateLabel } from "../../components/state-label.tsx";
import type { HealthReport } from "../../../engine/insight/health.ts";
import type { StreamLine } from "../../model/vault-source.ts";
import { useStreams } from "../shared/use-streams.ts";

const listed = 100;

const words: Readonly<Record<LostStream["what"], string>> = {
  added: "is newer: restoring that snapshot does not bring it",
  changed: "has changed since: going back loses the changes",
  deleted: "was deleted since: that snapshot has it",
};

/** What has happened since the recommended point, when something alarming makes people go back to it. */
export function LostAfter({
  recovery,
  newest,
}: {
  readonly recovery: HealthReport["recovery"];
  /** Streams of the newest snapshot. */
  readonly newest: readonly StreamLine[] | undefined;
}): React.ReactElement | null {
  const atPoint = useStreams(recovery?.before === undefined ? undefined : recovery.snapshot);
  if (atPoint.value === undefined || newest === undefined) return null;
  const lost = lostAfter(atPoint.value, newest);
  if (lost.length === 0) return null;
  return (
    <section aria-label="Since the recommended point" className="flex-column rhythm-vertical-8">
      <h2 className="hub-heading">Since the recommended point</h2>
      <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
        <ul className="hub-rows">
          {lost.slice(0, listed).map(({ stream, name, what }) => (
            <li key={stream}>
              <StateLabel mark="none" text={name ?? stream} />
              <div className="secondary-text">{words[what]}</div>
            </li>
          ))}
        </ul>
      </Card>
    </section>
  );
}
