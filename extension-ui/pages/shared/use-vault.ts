import * as React from "react";
import type { ProjectServices, ProjectSettings } from "../../model/project-services.ts";
import type { VaultSource, VaultView } from "../../model/vault-source.ts";
import type { HubParts, StorageAccess, VaultStatus } from "../hub/hub-parts.ts";

type State = Omit<VaultStatus, "reload">;

const nothing: State = {
  ...{ source: undefined, view: undefined, error: undefined, isDone: false },
  ...{ readAt: undefined, startedAt: undefined },
};

interface Wanted {
  readonly settings: ProjectSettings | undefined;
  /** Being read since before the settings were there; later readings of the vault ask anew. */
  readonly seenHead: Promise<string | undefined>;
  /** Undefined: only what runs have reported can be read. */
  readonly access: StorageAccess | undefined;
}

/**
 * Reads the vault for as long as the hub is open: storage where this visit may read it, else what runs have reported.
 * Where storage cannot be read, the reason stays beside what the runs say.
 */
export function useVault(parts: HubParts, { settings, access, seenHead }: Wanted): VaultStatus {
  const [round, setRound] = React.useState(0);
  const [state, setState] = React.useState<State>(nothing);
  const firstHead = React.useRef<Promise<string | undefined> | undefined>(seenHead);
  // Another way to the vault may show another vault; reading it again shows the same one until there is news.
  React.useEffect(() => {
    setState(nothing);
  }, [parts, settings, access]);
  React.useEffect(() => {
    const abort = new AbortController();
    if (settings !== undefined) {
      const head = firstHead.current ?? readSeenHead(parts.services);
      firstHead.current = undefined;
      const began = { readAt: parts.clock.now(), startedAt: performance.now() };
      const tell = (told: Told): void => setState({ ...told, ...began });
      void readVault(parts, { settings, access, seenHead: head }, { signal: abort.signal, tell });
    }
    return () => abort.abort();
  }, [parts, settings, access, round]);
  const reload = React.useCallback(() => setRound((before) => before + 1), []);
  return { ...state, reload };
}

/** The head that this person's earlier visits have found sound; that it cannot be read stops nobody from reading on. */
export async function readSeenHead({ settings, project }: ProjectServices): Promise<string | undefined> {
  return settings.readHead(project.id).catch(() => undefined);
}

type Told = Omit<State, "readAt" | "startedAt">;

interface Listener {
  readonly signal: AbortSignal;
  readonly tell: (told: Told) => void;
}

async function readVault(
  parts: HubParts,
  { settings, access, seenHead }: Wanted & { readonly settings: ProjectSettings },
  listener: Listener,
): Promise<void> {
  const seen = await seenHead;
  const heads = seen === undefined ? [] : [seen];
  const runs = (): VaultSource => parts.openVault({ settings, access: undefined, heads });
  if (access === undefined) {
    await follow(runs, undefined, listener);
    return;
  }
  const outcome = await follow(() => parts.openVault({ settings, access, heads }), undefined, listener);
  if (outcome.error !== undefined) {
    await follow(runs, outcome.error, listener);
    return;
  }
  await keepHead(parts, parts.services.project.id, outcome.view);
}

/** Shows what a source tells until it has told everything; `error` is why another source was not read. */
async function follow(
  open: () => VaultSource,
  error: unknown,
  { signal, tell }: Listener,
): Promise<Pick<State, "view" | "error">> {
  let source: VaultSource | undefined;
  let view: VaultView | undefined;
  try {
    source = open();
    for await (const next of source.watch(signal)) {
      if (signal.aborted) return { view, error: undefined };
      view = next;
      tell({ source, view, error, isDone: false });
    }
    if (!signal.aborted) tell({ source, view, error, isDone: true });
    return { view, error: undefined };
  } catch (caught) {
    if (!signal.aborted) tell({ source, view: undefined, error: error ?? caught, isDone: true });
    return { view, error: signal.aborted ? undefined : caught };
  }
}

/** A head that was found sound is what the next visit expects to find again. */
async function keepHead(parts: HubParts, vault: string, view: VaultView | undefined): Promise<void> {
  const chain = view?.chain;
  if (chain?.state !== "checked" || chain.problems.length > 0 || chain.head === undefined) return;
  // Not to remember it costs an alarm of a later visit, nothing of this one.
  await parts.services.settings.saveHead(vault, chain.head).catch(() => undefined);
}
