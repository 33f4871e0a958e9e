import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { counted } from "../../../engine/foundation/text.ts";
import { ErrorCard } from "../../components/error-card.tsx";
import { Loading } from "../../components/loading.tsx";
import { useLoaded } from "../../components/use-loaded.ts";
import type { VaultView } from "../../model/vault-source.ts";
import { compareReports, type ReportDifference } from "../../vault/compare-reports.ts";
import { snapshotReports } from "../../vault/run-reports.ts";
import { useHub, type Hub } from "../hub/hub-context.ts";

export interface EmptyVaultProps {
  /** Of a storage in which no snapshot was found (so far). */
  readonly view: VaultView;
  /** It was read to its end. */
  readonly isDone: boolean;
  /** What is shown where there has never been one. */
  readonly children: React.ReactNode;
}

/** Storage without snapshots: the beginning, or the end of somebody's backups. Only the first is a reason to begin. */
export function EmptyVault({ view, isDone, children }: EmptyVaultProps): React.ReactElement | null {
  const hub = useHub();
  const { chain } = view;
  const lost = useLoaded(async (signal) => (isDone ? lostSnapshots(hub, view, signal) : undefined), [view, isDone]);
  const isSuspicious = lost.value !== undefined && lost.value.length > 0;
  const isSure = useSecondReading(isSuspicious, view);
  // The note on the log above says what is wrong with it, and what to do.
  if (chain.state === "checked" && chain.problems.length > 0) return null;
  if (lost.error !== undefined) return <ErrorCard error={lost.error} retry={lost.reload} />;
  if (lost.value === undefined || (isSuspicious && !isSure)) return <Loading label="Reading the storage" />;
  return isSuspicious ? <Emptied lost={lost.value} /> : <>{children}</>;
}

function Emptied({ lost }: { readonly lost: readonly ReportDifference[] }): React.ReactElement {
  const [newest] = lost;
  return (
    <MessageCard severity={MessageCardSeverity.Error} role="alert">
      <div className="hub-message">
        <div className="font-weight-semibold">The storage holds no snapshot any more</div>
        <div>
          {`${counted(lost.length, "run")} of the backup pipeline reported snapshots, the newest of them run ${newest?.runId ?? ""}; none is there now.`}
        </div>
        <div>
          Check that this is the right container. If it is, the backups were deleted: stop the pipelines, find out who
          can delete there, and bring them back from blob versions, soft delete or a deleted container. Do not back up
          into it before that.
        </div>
      </div>
    </MessageCard>
  );
}

async function lostSnapshots(
  { services, settings }: Hub,
  view: VaultView,
  signal: AbortSignal,
): Promise<readonly ReportDifference[]> {
  const facts = {
    vault: services.project.id,
    pipelines: services.pipelines,
    backupPipelineId: settings?.backupPipelineId,
  };
  let found: readonly ReportDifference[] = [];
  for await (const { reports } of snapshotReports(facts, signal)) found = compareReports(reports, view);
  return found;
}

/** A run may have ended since storage was read: it is read again before anybody is alarmed. */
function useSecondReading(isSuspicious: boolean, view: VaultView): boolean {
  const { vault } = useHub();
  const first = React.useRef<VaultView>();
  React.useEffect(() => {
    if (!isSuspicious || first.current !== undefined) return;
    first.current = view;
    vault.reload();
  }, [isSuspicious]);
  return isSuspicious && first.current !== undefined && first.current !== view;
}
