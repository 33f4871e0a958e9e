import * as React from "react";
import type { KeySet, RecoveryPair } from "../../model/setup-keys.ts";

/** Keys that were made in this visit; they exist in this tab's memory and nowhere else until they are saved. */
export interface MadeKeys {
  readonly keys: KeySet;
  /** A recovery key for a second person. */
  readonly second: RecoveryPair;
}

export interface KeyMaking {
  readonly madeKeys: MadeKeys | undefined;
  /** They were made and the file with all of them was not saved yet. */
  readonly hasUnsavedKeys: boolean;
  readonly keepMadeKeys: (made: MadeKeys) => void;
  readonly markKeysSaved: () => void;
}

/** Keeps new keys while the person is elsewhere in the hub, and lets the browser warn before the tab loses them. */
export function useMadeKeys(): KeyMaking {
  const [madeKeys, setKeys] = React.useState<MadeKeys>();
  const [isSaved, setSaved] = React.useState(false);
  const hasUnsavedKeys = madeKeys !== undefined && !isSaved;
  React.useEffect(() => {
    if (!hasUnsavedKeys) return undefined;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [hasUnsavedKeys]);
  return {
    madeKeys,
    hasUnsavedKeys,
    keepMadeKeys: (made) => {
      setSaved(false);
      setKeys(made);
    },
    markKeysSaved: () => setSaved(true),
  };
}
