import { hasCode } from "../../../engine/foundation/errors.ts";
import { Button } from "azure-devops-ui/Button";
import * as React from "react";
import { ErrorCard } from "../../components/error-card.tsx";
import { Loading } from "../../components/loading.tsx";
import type { Loaded } from "../../components/use-loaded.ts";
import { useHub } from "../hub/hub-context.ts";
import { NeedsKey } from "./needs-key.tsx";

export interface OpenedProps<T> {
  /** Something that the viewer key opens; undefined without one. */
  readonly loaded: Loaded<T | undefined>;
  readonly label: string;
  readonly children: (value: T) => React.ReactNode;
}

/** What the viewer key opens, or what is missing to open it. */
export function Opened<T>({ loaded, label, children }: OpenedProps<T>): React.ReactElement {
  const { viewer, vault, openPanel } = useHub();
  if (viewer === undefined || vault.source?.origin === "runs") return <NeedsKey />;
  if (loaded.error !== undefined)
    return (
      <>
        <ErrorCard error={loaded.error} retry={loaded.reload} />
        {hasCode(loaded.error, "KEY_MISMATCH") && (
          <Button text="Enter another viewer key" onClick={() => openPanel({ form: "viewer-key" })} />
        )}
      </>
    );
  return loaded.value === undefined ? <Loading label={label} /> : <>{children(loaded.value)}</>;
}
