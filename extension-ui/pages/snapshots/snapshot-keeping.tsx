import * as React from "react";
import { ProtectionText } from "../../components/protection-text.tsx";
import { Tile } from "../../components/tile.tsx";
import { Age } from "../../components/times.tsx";
import { protectionDetail, protectionOf } from "../../../engine/insight/immutability.ts";
import { hindranceOf, whyKept, type KeptFacts } from "../../model/kept-by.ts";
import type { Snapshot, VaultView } from "../../model/vault-source.ts";
import { useHub } from "../hub/hub-context.ts";

/** How long a snapshot stays: until when nobody can delete it, and which rule of retention keeps it. */
export function SnapshotKeeping({ snapshot }: { readonly snapshot: Snapshot }): React.ReactElement {
  return (
    <>
      {!snapshot.isRetired && <ImmutableTile snapshot={snapshot} />}
      <KeptTile snapshot={snapshot} />
    </>
  );
}

function ImmutableTile({ snapshot }: { readonly snapshot: Snapshot }): React.ReactElement {
  const { clock } = useHub();
  const protection = protectionOf(snapshot.immutability, clock.now());
  return (
    <Tile title="Immutable until">
      <ProtectionText protection={protection} />
      <div className="secondary-text hub-plain">
        <div>{protectionDetail(protection)}</div>
        {protection.seenAt !== undefined && (
          <div>
            {"Seen "}
            <Age instant={protection.seenAt} />
          </div>
        )}
      </div>
    </Tile>
  );
}

function keptFacts(view: VaultView): Pick<KeptFacts, "isChecked" | "hindrance"> {
  return { isChecked: view.chain.state === "checked", hindrance: hindranceOf(view) };
}

function KeptTile({ snapshot }: { readonly snapshot: Snapshot }): React.ReactElement | null {
  const { vault, settings, clock } = useHub();
  const { view } = vault;
  const retention = settings?.retention;
  const kept = React.useMemo(
    () => (view === undefined ? undefined : whyKept({ ...view, ...keptFacts(view), retention, now: clock.now() })),
    [view, retention],
  );
  const own = kept?.get(snapshot.seq);
  if (own === undefined) return null;
  return (
    <Tile title="Kept by">
      {own.text}
      <div className="secondary-text hub-plain">{own.detail}</div>
    </Tile>
  );
}
