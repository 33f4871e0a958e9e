/**
 * SAS and viewer key of this visit: in memory, and in the tab's session storage only when the person asks for it.
 * Browsers may block storage in frames of other sites; then memory it is.
 */
import { parseObject, stringAt } from "../../engine/foundation/json.ts";
import type { ContainerSas, SessionSecrets } from "../model/project-services.ts";

/** What is used of the browser's session storage. */
export interface TabStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export interface ForgettableSecrets extends SessionSecrets {
  /** Both, from memory and from storage. */
  forget(): void;
}

/** `storage` is asked for at each use: merely naming it throws where it is blocked. Kept apart by project. */
export function sessionSecrets(storage: () => TabStorage, projectId: string): ForgettableSecrets {
  const sas = secretNamed(storage, `project-backup/${projectId}/sas`);
  const viewerKey = secretNamed(storage, `project-backup/${projectId}/viewer-key`);
  return {
    sas: () => parseSas(sas.read()),
    setSas: (next, remember) => {
      sas.write(next === undefined || next.sas === "" ? undefined : JSON.stringify(next), remember);
    },
    viewerKey: viewerKey.read,
    setViewerKey: viewerKey.write,
    forget() {
      sas.write(undefined, false);
      viewerKey.write(undefined, false);
    },
  };
}

/** A signature of which nobody knows the container any more is of no use. */
function parseSas(text: string | undefined): ContainerSas | undefined {
  const kept = parseObject(text ?? "") ?? {};
  const [container, sas] = [stringAt(kept, "container"), stringAt(kept, "sas")];
  return container === undefined || sas === undefined ? undefined : { container, sas };
}

interface Secret {
  readonly read: () => string | undefined;
  readonly write: (value: string | undefined, remember: boolean) => void;
}

function secretNamed(storage: () => TabStorage, name: string): Secret {
  const inStorage = <Result>(use: (tab: TabStorage) => Result): Result | undefined => {
    try {
      return use(storage());
    } catch {
      return undefined;
    }
  };
  let value: string | undefined = inStorage((tab) => tab.getItem(name)) ?? undefined;
  return {
    read: () => value,
    write: (next, remember) => {
      value = next === undefined || next === "" ? undefined : next;
      const kept = remember ? value : undefined;
      inStorage((tab) => (kept === undefined ? tab.removeItem(name) : tab.setItem(name, kept)));
    },
  };
}
