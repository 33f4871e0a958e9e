import { Card } from "azure-devops-ui/Card";
import * as React from "react";
import { kindTitle } from "../../../engine/foundation/wording.ts";
import { disabledCode, isNeverStored } from "../../../engine/vault/format/coverage.ts";
import { StateLabel } from "../../components/state-label.tsx";
import { localTime } from "../../components/times.tsx";
import { streamStateText } from "../../model/format.ts";
import type { StreamLine } from "../../model/vault-source.ts";
import { kindOf } from "../../../engine/vault/format/stream-ids.ts";

/** Streams that could not be read when the snapshot was taken, each with what helps. */
export function GapList({ lines }: { readonly lines: readonly StreamLine[] }): React.ReactElement | null {
  const gaps = lines.filter((line) => line.st === "stale" || line.st === "missing" || isNeverStored(line));
  if (gaps.length === 0) return null;
  return (
    <section aria-label="Gaps" className="flex-column rhythm-vertical-8">
      <h2 className="hub-heading">{`Not read (${gaps.length.toLocaleString()})`}</h2>
      <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
        <ul className="hub-rows">
          {gaps.map((line) => (
            <li key={line.s}>
              <StateLabel mark="warning" text={titleOf(line)} wraps />
              <div>
                {streamStateText(line)}
                {line.asOf === undefined ? "" : `, from ${localTime(line.asOf)}`}
                {line.err === undefined ? "" : ` (${line.err})`}.
              </div>
              <div className="secondary-text">{cureOf(line)}</div>
            </li>
          ))}
        </ul>
      </Card>
    </section>
  );
}

function titleOf({ s, name = s }: StreamLine): string {
  const title = kindTitle(kindOf(s));
  return name === title ? title : `${title} ${name}`;
}

/** By what Azure DevOps said. The run's summary has the whole message. */
function cureOf({ st, err = "" }: StreamLine): string {
  if (st === "missing")
    return "Give the backup's identity access to it again. If it was deleted on purpose, acknowledge that with the input exclude.";
  if (/^TF4010(19|27)$|FORBIDDEN|DENIED|UNAUTHORIZED/.test(err))
    return "The backup's identity may not read it: give it Reader rights on it, then back up again.";
  if (err === disabledCode || (st === "ok" && err === ""))
    return "The repository is disabled: enable it for the time of one backup, or leave it out with the input exclude.";
  if (/THROTTL|TIMEOUT|UNREACHABLE|BROKEN|SHARD/.test(err)) return "It was not answered in time: back up again.";
  return "The summary of the backup's run says what was found and what to do.";
}
