import { useLoaded, type Loaded } from "../../components/use-loaded.ts";
import type { Snapshot, StreamLine } from "../../model/vault-source.ts";
import { useHub } from "../hub/hub-context.ts";

/** Streams of a snapshot; nothing without a viewer key or a snapshot. */
export function useStreams(snapshot: Snapshot | undefined): Loaded<readonly StreamLine[] | undefined> {
  const { vault, viewer } = useHub();
  const { source } = vault;
  return useLoaded(
    async (signal) =>
      source === undefined || viewer === undefined || snapshot === undefined
        ? undefined
        : source.streams(snapshot, viewer, signal),
    [source, viewer, snapshot?.id],
    // The vault that is read again has the same streams: what is shown stays meanwhile.
    [source?.origin, viewer, snapshot?.id],
  );
}
