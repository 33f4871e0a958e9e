import * as React from "react";
import { lazyPart } from "../../components/lazy-part.tsx";
import { useHub } from "../hub/hub-context.ts";

const StorageError = lazyPart(async () => (await import("./storage-error.tsx")).StorageError);

/** Why the vault cannot be read from storage; nothing while there is no such reason. */
export function VaultError(): React.ReactElement | null {
  const { error } = useHub().vault;
  return error === undefined ? null : <StorageError error={error} />;
}
