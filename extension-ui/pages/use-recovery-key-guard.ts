import * as React from "react";
import { webCryptography } from "../../engine/crypto/web-cryptography.ts";
import type { ViewerKey } from "../model/vault-source.ts";
import { isRecoveryKey } from "../model/viewer-key-form.ts";

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
      void isRecoveryKey(viewer.identity, recipients, webCryptography()).then((isIt) => {
        if (isIt && !isOver) refusal.current();
      });
    return () => {
      isOver = true;
    };
  }, [viewer, recipients?.join()]);
}
