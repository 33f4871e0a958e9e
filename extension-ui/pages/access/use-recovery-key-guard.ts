import * as React from "react";
import type { ViewerKey } from "../../model/vault-source.ts";

export interface GuardFacts {
  readonly viewer: ViewerKey | undefined;
  /** Of the vault, once they are known: a key may have been entered before. */
  readonly recipients: readonly string[] | undefined;
  readonly refuse: () => void;
}

/** Gives up a recovery key that was entered as a viewer key before the vault was read. */
export function useRecoveryKeyGuard({ viewer, recipients, refuse }: GuardFacts): void {
  const refusal = React.useRef(refuse);
  refusal.current = refuse;
  React.useEffect(() => {
    let isOver = false;
    if (viewer !== undefined && recipients !== undefined)
      void isRecovery(viewer, recipients).then((isIt) => {
        if (isIt && !isOver) refusal.current();
      });
    return () => {
      isOver = true;
    };
  }, [viewer, recipients?.join()]);
}

/** What tells them apart is loaded only when there is a key. */
async function isRecovery({ identity }: ViewerKey, recipients: readonly string[]): Promise<boolean> {
  const [{ webCryptography }, { isRecoveryKey }] = await Promise.all([
    import("../../../engine/crypto/web-cryptography.ts"),
    import("../../model/viewer-key-form.ts"),
  ]);
  return isRecoveryKey(identity, recipients, webCryptography());
}
