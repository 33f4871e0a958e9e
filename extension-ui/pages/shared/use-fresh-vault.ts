import * as React from "react";
import { useHub } from "../hub/hub-context.ts";

/** On arrival, an older reading says nothing about how things are now. */
const freshMs = 60_000;
/** While the page is looked at, it is read again so often. */
const watchMs = 10 * 60_000;
const lookMs = 60_000;

/**
 * Reads the vault again when what is shown is old: on arrival, when the page comes back into sight after hours, and now
 * and then while it is looked at. False until a reading that is young enough is there. A clock that was set back makes
 * a reading old too.
 */
export function useFreshVault(): boolean {
  const { vault, clock } = useHub();
  const { readAt, reload } = vault;
  const ageMs = (): number => (readAt === undefined ? 0 : Math.abs(clock.now().getTime() - readAt.getTime()));
  const [isFresh, setFresh] = React.useState(() => ageMs() <= freshMs);
  // Readings that began while this page has been shown are fresh, however long they take.
  const first = React.useRef(readAt);
  React.useEffect(() => {
    if (readAt !== first.current) setFresh(true);
    const look = (limitMs: number): void => {
      if (document.hidden || ageMs() <= limitMs) return;
      first.current = readAt;
      setFresh(false);
      reload();
    };
    if (!isFresh && readAt === first.current) reload();
    const comeBack = (): void => look(freshMs);
    const timer = setInterval(() => look(watchMs), lookMs);
    document.addEventListener("visibilitychange", comeBack);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", comeBack);
    };
  }, [readAt]);
  return isFresh;
}
