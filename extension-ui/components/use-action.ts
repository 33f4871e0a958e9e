import * as React from "react";

export interface Action {
  readonly isBusy: boolean;
  readonly error: unknown;
  /** Carries it out unless it is under way already: a second click does nothing. */
  readonly start: () => void;
}

/** Something that a button does and that takes its time. */
export function useAction(carryOut: () => Promise<void>): Action {
  const [isBusy, setBusy] = React.useState(false);
  const [error, setError] = React.useState<unknown>();
  const isUnderWay = React.useRef(false);
  const isMounted = React.useRef(true);
  React.useEffect(
    () => () => {
      isMounted.current = false;
    },
    [],
  );
  const settle = (outcome: unknown): void => {
    isUnderWay.current = false;
    if (!isMounted.current) return;
    setBusy(false);
    setError(outcome);
  };
  const start = (): void => {
    if (isUnderWay.current) return;
    isUnderWay.current = true;
    setBusy(true);
    setError(undefined);
    carryOut().then(() => settle(undefined), settle);
  };
  return { isBusy, error, start };
}
