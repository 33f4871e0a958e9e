import { Card } from "azure-devops-ui/Card";
import { Table } from "azure-devops-ui/Table";
import { ArrayItemProvider } from "azure-devops-ui/Utilities/Provider";
import * as React from "react";
import { bytesForPeople } from "../../../engine/foundation/text.ts";
import { kindTitle } from "../../../engine/foundation/wording.ts";
import { isNeverStored } from "../../../engine/vault/format/coverage.ts";
import { StateLabel } from "../../components/state-label.tsx";
import { tableColumns } from "../../components/table-cells.tsx";
import { localTime } from "../../components/times.tsx";
import { useWidth } from "../../components/use-width.ts";
import { streamStateText } from "../../model/format.ts";
import type { StreamLine } from "../../model/vault-source.ts";
import { isFiles, kindOf } from "../../../engine/vault/format/stream-ids.ts";

const columns = tableColumns<StreamLine>([
  {
    id: "name",
    name: "Stream",
    width: -36,
    isPrimary: true,
    cell: ({ s, name }) => name ?? s,
    below: ({ s }) => `${kindTitle(kindOf(s))}${isFiles(s) ? ", files" : ""}`,
  },
  {
    id: "state",
    name: "State",
    width: -24,
    cell: (line) => <StateLabel mark={isWell(line) ? "good" : "warning"} text={streamStateText(line)} wraps />,
  },
  { id: "items", name: "Items", width: -10, cell: ({ count }) => count?.toLocaleString() ?? "" },
  { id: "bytes", name: "Stored", width: -10, cell: ({ bytes }) => (bytes === undefined ? "" : bytesForPeople(bytes)) },
  { id: "read", name: "Read", width: 190, cell: ({ asOf }) => (asOf === undefined ? "" : localTime(asOf)) },
]);

/** Read just then, and stored. */
function isWell(line: StreamLine): boolean {
  return line.st === "ok" && line.note === undefined && !isNeverStored(line);
}

/** Columns that need a wider table, in pixels: what could not be read, and why, is what people must read. */
const leastWidths: Readonly<Record<string, number>> = { read: 760, bytes: 600, items: 600 };

/** Every stream of a snapshot with its figures. */
export function StreamTable({ lines }: { readonly lines: readonly StreamLine[] }): React.ReactElement {
  const provider = React.useMemo(() => new ArrayItemProvider([...named(lines)]), [lines]);
  const [place, width] = useWidth();
  const hidden = Object.entries(leastWidths).flatMap(([id, least]) => (width > 0 && width < least ? [id] : []));
  const shown = React.useMemo(() => columns.filter(({ id }) => !hidden.includes(id)), [hidden.join()]);
  return (
    <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
      <div ref={place} className="hub-fill">
        <Table<StreamLine> ariaLabel="Streams" role="table" columns={shown} itemProvider={provider} />
      </div>
    </Card>
  );
}

/** Files of a stream have no name of their own: they are shown under that stream's. */
function named(lines: readonly StreamLine[]): readonly StreamLine[] {
  const names = new Map(lines.map(({ s, name }) => [s, name]));
  return lines.map((line) => {
    const name = line.name ?? names.get(line.s.replace(/\/files$/, ""));
    return name === undefined ? line : { ...line, name };
  });
}
