import { Button } from "azure-devops-ui/Button";
import { Card } from "azure-devops-ui/Card";
import { TextField } from "azure-devops-ui/TextField";
import * as React from "react";
import { counted } from "../../../engine/foundation/text.ts";
import { kindTitle } from "../../../engine/foundation/wording.ts";
import { ErrorCard } from "../../components/error-card.tsx";
import { Loading } from "../../components/loading.tsx";
import { itemTree, type StreamNode } from "../../model/item-tree.ts";
import { selectorsFor, type Chosen } from "../../model/selector.ts";
import { shownText } from "../../model/shown-text.ts";
import type { Snapshot, StreamLine } from "../../model/vault-source.ts";
import { useHub, type Hub } from "../hub/hub-context.ts";
import { ItemTable, type ItemRow } from "./item-table.tsx";
import { KindTree } from "./kind-tree.tsx";
import { useSearch, type Search } from "./use-search.ts";
import { useStreamItems } from "./use-stream-items.ts";
import { kindOf } from "../../../engine/vault/format/stream-ids.ts";

export interface ItemsViewProps {
  readonly snapshot: Snapshot;
  readonly lines: readonly StreamLine[];
}

/** What a snapshot holds: a tree by kind, the items of what is open in it, and a search over everything. */
export function ItemsView({ snapshot, lines }: ItemsViewProps): React.ReactElement {
  const hub = useHub();
  const { search: query = "" } = hub.route;
  // The first key makes an entry in the browser's history, the others change it.
  const look = (next: string): void =>
    hub.go({ ...hub.route, search: next === "" ? undefined : next }, query === "" ? "push" : "replace");
  const search = useSearch(lines, query);
  const kinds = React.useMemo(() => itemTree(lines), [lines]);
  const opened = kinds.flatMap(({ streams }) => streams).find(({ id }) => id === hub.route.stream);
  return (
    <div className="flex-column rhythm-vertical-16">
      <TextField
        ariaLabel="Search names and ids in this snapshot"
        placeholder="Search names and ids"
        prefixIconProps={{ iconName: "Search" }}
        value={query}
        onChange={(_event, next) => look(next)}
      />
      {query.trim() !== "" ? (
        <Hits search={search} query={query} snapshot={snapshot} />
      ) : (
        <div className="hub-split">
          <Card className="hub-side" contentProps={{ contentPadding: false }}>
            <KindTree
              kinds={kinds}
              opened={hub.route.stream}
              onOpen={({ id }) => hub.go({ ...hub.route, stream: id })}
            />
          </Card>
          <Card className="hub-main bolt-table-card" contentProps={{ contentPadding: false }}>
            {opened === undefined ? (
              <div className="hub-hint secondary-text">
                {hub.route.stream === undefined
                  ? "Choose on the left what to look into."
                  : `The snapshot does not have ${shownText(hub.route.stream)}. Choose on the left what to look into.`}
              </div>
            ) : (
              <OpenedStream stream={opened} snapshot={snapshot} />
            )}
          </Card>
        </div>
      )}
    </div>
  );
}

interface OpenedStreamProps {
  readonly stream: StreamNode;
  readonly snapshot: Snapshot;
}

function OpenedStream({ stream, snapshot }: OpenedStreamProps): React.ReactElement {
  const hub = useHub();
  const { nodes, isDone, error } = useStreamItems(stream.line);
  const rows = React.useMemo(() => nodes.map((node) => ({ ...node, stream: stream.id, place: "" })), [nodes]);
  const whole: Chosen = { what: "stream", stream: stream.id };
  return (
    <div className="flex-column hub-fill">
      <div className="flex-row flex-center rhythm-horizontal-8 hub-toolbar">
        <h2 className="hub-heading flex-grow hub-cell">{streamTitle(stream)}</h2>
        <Button
          text="Restore all"
          ariaLabel={`Restore all of ${streamTitle(stream)}`}
          onClick={() => restore(hub, snapshot, [whole])}
        />
      </div>
      {error !== undefined && <ErrorCard error={error} />}
      {rows.length === 0 && !isDone && <Loading label="Reading the items" />}
      {rows.length === 0 && isDone && error === undefined && (
        <div className="hub-hint secondary-text">The snapshot names no items here.</div>
      )}
      {rows.length > 0 && (
        <ItemTable
          label={`Items of ${streamTitle(stream)}`}
          list={`${snapshot.id} in ${stream.id}`}
          rows={rows}
          onOpen={(row) => hub.go({ ...hub.route, item: row.id })}
          onRestore={(chosen) => restore(hub, snapshot, chosen.map(chosenOf))}
        />
      )}
    </div>
  );
}

interface HitsProps {
  readonly search: Search;
  readonly query: string;
  readonly snapshot: Snapshot;
}

function Hits({ search, query, snapshot }: HitsProps): React.ReactElement {
  const hub = useHub();
  const { hits, found, read, of, error } = search;
  const progress = read < of ? ` so far, ${read.toLocaleString()} of ${of.toLocaleString()} streams searched` : "";
  const shown = found > hits.length ? `, the best ${hits.length.toLocaleString()} shown` : "";
  return (
    <section aria-label="Hits" className="flex-column rhythm-vertical-8">
      <div role="status" className="secondary-text">
        {of === 0 ? "Searching…" : `${counted(found, "hit")} for “${query.trim()}”${progress}${shown}`}
      </div>
      {error !== undefined && <ErrorCard error={error} />}
      {hits.length > 0 && (
        <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
          <ItemTable
            label="Hits"
            list={`${snapshot.id} for ${query.trim()}`}
            rows={hits}
            onOpen={({ stream, id }) =>
              hub.go({ ...hub.route, stream, ...(id === "" ? { search: undefined } : { item: id }) })
            }
            onRestore={(chosen) => restore(hub, snapshot, chosen.map(chosenOf))}
          />
        </Card>
      )}
    </section>
  );
}

function chosenOf({ stream, id }: ItemRow): Chosen {
  return id === "" ? { what: "stream", stream } : { what: "item", stream, itemId: id };
}

function restore({ openPanel }: Hub, snapshot: Snapshot, chosen: readonly Chosen[]): void {
  openPanel({ form: "restore", selection: { snapshot: snapshot.id, items: selectorsFor(chosen) } });
}

function streamTitle({ id, label }: StreamNode): string {
  const title = kindTitle(kindOf(id));
  return id.includes("/") ? `${title}: ${label}` : title;
}
