import * as React from "react";

/** Something that is fetched for a page. */
export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  /** Fetches again; what is shown stays meanwhile. */
  readonly reload: () => void;
}

/**
 * Fetches when the page appears and whenever `dependencies` change; what is then still on its way is aborted and never
 * shown. A value stays until its successor is there, unless one of `identity` changes: then it is of something else.
 */
export function useLoaded<T>(
  load: (signal: AbortSignal) => Promise<T>,
  dependencies: readonly unknown[],
  identity: readonly unknown[] = dependencies,
): Loaded<T> {
  const [round, setRound] = React.useState(0);
  const [state, setState] = React.useState<Omit<Loaded<T>, "reload">>({
    value: undefined,
    error: undefined,
    isLoading: true,
  });
  React.useLayoutEffect(() => {
    setState({ value: undefined, error: undefined, isLoading: true });
  }, identity);
  React.useEffect(() => {
    const abort = new AbortController();
    setState(({ value }) => ({ value, error: undefined, isLoading: true }));
    load(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) setState({ value, error: undefined, isLoading: false });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setState(({ value }) => ({ value, error, isLoading: false }));
      },
    );
    return () => {
      abort.abort();
    };
  }, [...dependencies, round]);
  const reload = React.useCallback(() => setRound((before) => before + 1), []);
  return { ...state, reload };
}
