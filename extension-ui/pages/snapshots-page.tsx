import { Card } from "azure-devops-ui/Card";
import * as React from "react";
import { ErrorCard } from "../components/error-card.tsx";
import { Loading } from "../components/loading.tsx";
import { useHub } from "./hub-context.ts";
import { SnapshotTable } from "./snapshot-table.tsx";

/** All snapshots of the project, newest first. */
export function SnapshotsPage(): React.ReactElement {
  const { vault, go } = useHub();
  const { view, error } = vault;
  return (
    <>
      {error !== undefined && <ErrorCard error={error} retry={vault.reload} />}
      {view === undefined ? (
        !vault.isDone && <Loading label="Reading the snapshots" />
      ) : (
        <Card className="bolt-table-card hub-table-card" contentProps={{ contentPadding: false }}>
          <SnapshotTable snapshots={view.snapshots} onOpen={({ id }) => go({ snapshot: id })} />
        </Card>
      )}
    </>
  );
}
