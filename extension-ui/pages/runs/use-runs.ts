import * as React from "react";
import type { Clock } from "../../../engine/foundation/clock.ts";
import { untilVisible } from "../../components/until-visible.ts";
import type { Pipelines, Run } from "../../model/project-services.ts";
import { endedSince, isActive } from "../../model/run-request.ts";
import type { HubParts } from "../hub/hub-parts.ts";

/** Newest runs of a pipeline, read again and again while somebody looks. */
export interface LiveRuns {
  /** Newest first; undefined until they are there. */
  readonly value: readonly Run[] | undefined;
  /** Why the newest answer is missing; asking goes on. */
  readonly error: unknown;
  /** Asks at once. */
  readonly reload: () => void;
}

const top = 50;
const whileRunningMs = 5_000;
const otherwiseMs = 10_000;
/** An answer that does not come is asked for less and less often. */
const mostMs = 120_000;

type State = Omit<LiveRuns, "reload">;
const nothing: State = { value: undefined, error: undefined };

/** `onEnded` is called when runs have come to an end since the answer before; another `refresh` asks at once. */
export function useRuns(
  { services, clock }: Pick<HubParts, "services" | "clock">,
  pipeline: number | undefined,
  { onEnded, refresh }: { readonly onEnded?: () => void; readonly refresh?: number } = {},
): LiveRuns {
  const [state, setState] = React.useState(nothing);
  const [round, setRound] = React.useState(0);
  const listener = React.useRef(onEnded);
  listener.current = onEnded;
  React.useEffect(() => setState(nothing), [pipeline, services]);
  React.useEffect(() => {
    const abort = new AbortController();
    const tell = (next: State): void => {
      if (!abort.signal.aborted) setState((before) => merged(before, next));
    };
    if (pipeline === undefined) setState({ value: [], error: undefined });
    else
      void follow(pipeline, services.pipelines, {
        clock,
        signal: abort.signal,
        tell,
        ended: () => {
          if (!abort.signal.aborted) listener.current?.();
        },
      });
    return () => abort.abort();
  }, [pipeline, services, round, refresh]);
  const reload = React.useCallback(() => setRound((before) => before + 1), []);
  return React.useMemo(() => ({ ...state, reload }), [state, reload]);
}

/** The same object when nothing has changed, so that nothing is drawn again. */
function merged(before: State, next: State): State {
  if (next.value === undefined) return { value: before.value, error: next.error };
  const isSame = before.error === undefined && JSON.stringify(before.value) === JSON.stringify(next.value);
  return isSame ? before : next;
}

interface Following {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell: (state: State) => void;
  readonly ended: () => void;
}

async function follow(
  pipeline: number,
  pipelines: Pipelines,
  { clock, signal, tell, ended }: Following,
): Promise<void> {
  let before: readonly Run[] | undefined;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const value = await pipelines.runs([pipeline], top);
      tell({ value, error: undefined });
      if (before !== undefined && endedSince(before, value).length > 0) ended();
      before = value;
      failures = 0;
    } catch (error) {
      tell({ value: undefined, error });
      failures += 1;
    }
    const pause = before?.some(isActive) === true ? whileRunningMs : otherwiseMs;
    await clock.sleep(Math.min(mostMs, pause * 2 ** failures), signal).catch(() => undefined);
    await untilVisible(signal);
  }
}
