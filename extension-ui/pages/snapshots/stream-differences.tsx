import { Button } from "azure-devops-ui/Button";
import { Card } from "azure-devops-ui/Card";
import { Pill, PillSize } from "azure-devops-ui/Pill";
import * as React from "react";
import { bytesForPeople, counted } from "../../../engine/foundation/text.ts";
import { kindTitle } from "../../../engine/foundation/wording.ts";
import type { StreamComparison, StreamDifference } from "../../model/compare.ts";
import { selectorsFor } from "../../model/selector.ts";
import type { Snapshot } from "../../model/vault-source.ts";
import { useHub } from "../hub/hub-context.ts";
import { ItemDifferences } from "./item-differences.tsx";
import { kindOf } from "../../../engine/vault/format/stream-ids.ts";

const listed = 500;

const words: Readonly<Record<StreamDifference["change"], string>> = {
  added: "Added",
  changed: "Changed",
  deleted: "Deleted",
};

export interface StreamDifferencesProps {
  readonly comparison: StreamComparison;
  /** Where the differences start from. */
  readonly older: Snapshot;
}

/** What is different between two snapshots, stream by stream; opening one shows its items. */
export function StreamDifferences({ comparison, older }: StreamDifferencesProps): React.ReactElement {
  const { differences, same } = comparison;
  const more = differences.length - listed;
  return (
    <section aria-label="Differences" className="flex-column rhythm-vertical-8">
      <div role="status">{`${countsText(differences)}; ${counted(same, "stream")} the same.`}</div>
      {differences.length > 0 && (
        <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
          <ul className="hub-rows">
            {differences.slice(0, listed).map((difference) => (
              <DifferenceRow key={difference.stream} difference={difference} older={older} />
            ))}
            {more > 0 && <li className="secondary-text">{`and ${counted(more, "stream")} more`}</li>}
          </ul>
        </Card>
      )}
    </section>
  );
}

interface DifferenceRowProps {
  readonly difference: StreamDifference;
  readonly older: Snapshot;
}

function DifferenceRow({ difference, older }: DifferenceRowProps): React.ReactElement {
  const { openPanel } = useHub();
  const { change, stream, before, after } = difference;
  const [isOpen, setOpen] = React.useState(false);
  const name = after?.name ?? before?.name;
  const title = kindTitle(kindOf(stream));
  return (
    <li>
      <div className="flex-row flex-center rhythm-horizontal-8">
        <Button
          subtle
          iconProps={{ iconName: isOpen ? "ChevronDown" : "ChevronRight" }}
          ariaLabel={`Items of ${title} ${name ?? ""}`}
          ariaExpanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
        <Pill size={PillSize.compact}>{words[change]}</Pill>
        <span className="flex-grow hub-wrap">
          {name !== title && <span className="secondary-text">{`${title} `}</span>}
          <span className="font-weight-semibold">{name ?? (stream.includes("/") ? stream : "")}</span>
        </span>
        <span className="secondary-text">{sizeText(difference)}</span>
        {change === "deleted" && (
          <Button
            text="Restore"
            ariaLabel={`Restore ${title} ${name ?? ""}`}
            onClick={() =>
              openPanel({
                form: "restore",
                selection: { snapshot: older.id, items: selectorsFor([{ what: "stream", stream }]) },
              })
            }
          />
        )}
      </div>
      {isOpen && <ItemDifferences difference={difference} older={older} />}
    </li>
  );
}

function countsText(differences: readonly StreamDifference[]): string {
  const parts = (["added", "changed", "deleted"] as const).flatMap((change) => {
    const count = differences.filter((one) => one.change === change).length;
    return count === 0 ? [] : [`${counted(count, "stream")} ${change}`];
  });
  return parts.length === 0 ? "No difference" : parts.join(", ");
}

function sizeText({ before, after, isContentSame }: StreamDifference): string {
  if (isContentSame) return "content the same";
  const items = (after?.count ?? 0) - (before?.count ?? 0);
  const bytes = (after?.bytes ?? 0) - (before?.bytes ?? 0);
  const sign = (number: number): string => (number > 0 ? "+" : "−");
  return [
    ...(items === 0 ? [] : [`${sign(items)}${counted(Math.abs(items), "item")}`]),
    ...(bytes === 0 ? [] : [`${sign(bytes)}${bytesForPeople(Math.abs(bytes))}`]),
  ].join(", ");
}
