/** Where the contract suite restores: organisations that all kinds share, and a project of its own for each story. */
import { makeKeySet, type KeySet } from "../../../engine/crypto/keys.ts";
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { registry } from "../../../engine/kinds/registry.ts";
import { nodeCryptography } from "../../../engine/native/node-cryptography.ts";
import type { BackupResult, RestoreResult } from "../../../engine/operations/results.ts";
import type { RestoreRequest } from "../../../engine/operations/restore/request.ts";
import { engineOver, type Engine } from "../../support/backup-engine.ts";
import { hastyClock } from "../../support/hasty-clock.ts";
import { faultyStore } from "../../support/faulty-store.ts";
import type { FaultPoint } from "../../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../../support/memory-store.ts";
import { simulator, type TestSimulator } from "../../support/simulator.ts";
import type { KindContract, Place, Thing } from "./declaration.ts";

/** Two organisations, and a store with the vaults of all stories. */
export interface Organizations extends AsyncDisposable {
  readonly azure: TestSimulator;
  readonly abroad: TestSimulator;
  readonly engine: Engine;
  readonly engineAbroad: Engine;
  readonly store: MemoryStore;
  readonly keys: KeySet;
}

export async function organizations(): Promise<Organizations> {
  const [azure, abroad] = [await simulator(), await simulator({ organization: "fabrikam" })];
  const keys = await makeKeySet(nodeCryptography());
  const store = memoryStore();
  const engine = await engineOver(azure, { store, keys, clock: hastyClock });
  const engineAbroad = await engineOver(abroad, { store, keys, clock: hastyClock });
  return {
    ...{ azure, abroad, engine, engineAbroad, store, keys },
    async [Symbol.asyncDispose]() {
      for (const one of [engine, engineAbroad]) await one.close();
      for (const one of [azure, abroad]) await one.stop();
    },
  };
}

export interface Story {
  readonly kind: string;
  readonly home: Place;
  readonly thing: Thing;
  /** Another one of the kind; the same where there is one in each project. */
  readonly other: Thing;
  /** How the service showed the thing when it was made, and the project. */
  readonly stored: JsonObject;
  readonly storedIn: Place;
  readonly backUp: () => Promise<BackupResult>;
  readonly restore: (selectors: readonly string[], options?: Into) => Promise<RestoreResult>;
  /** `<kind>/<key>` of the thing, or of another one. */
  readonly selector: (thing?: Thing) => string;
  /** A project beside the one of the story: new ones are made by the restore. */
  readonly elsewhere: (where?: "new" | "abroad") => Place;
  /** What `elsewhere` has given. */
  readonly places: readonly Place[];
}

export interface Into extends Partial<Pick<RestoreRequest, "conflictPolicy" | "previewOnly">> {
  /** Default: the project that was backed up; while it is not there it is made. */
  readonly place?: Place;
  /** The process dies there. */
  readonly killAt?: FaultPoint;
}

let stories = 0;

/** A project with two things of the kind; `more` are kinds that are stored besides. */
export async function storyOf(
  kind: string,
  contract: KindContract,
  { all, more = [] }: { readonly all: Organizations; readonly more?: readonly string[] },
): Promise<Story> {
  stories += 1;
  const number = String(stories).padStart(3, "0");
  const { azure } = all;
  const home: Place = { azure, project: azure.state.addProject({ name: `Home ${number}`, defaultRepository: false }) };
  const thing = await contract.make(home, "Payments");
  const other = contract.isSingle === true ? thing : await contract.make(home, "Billing");
  const stored = await contract.read(home, thing.id);
  if (stored === undefined) throw new Error(`${kind} ${thing.id} was made and cannot be read`);
  const storedIn: Place = { azure, project: { ...home.project } };
  const kinds = registry.filter(({ name }) => ["project", kind, ...contract.needs, ...more].includes(name));
  const source = { id: home.project.id, name: home.project.name };
  const places: Place[] = [];
  return {
    ...{ kind, home, thing, other, stored, storedIn, places },
    backUp: () => all.engine.backUp(source, { kinds }),
    async restore(selectors, { place = home, killAt, ...changes } = {}) {
      const { id, name } = place.project;
      const isThere = place.azure.state.projects().some((project) => project.id === id);
      const request: Partial<RestoreRequest> = {
        ...{ kinds, targetProject: { id: isThere ? id : undefined, name }, ...changes },
        source: { organizationUrl: azure.organizationUrl, project: source },
      };
      if (killAt === undefined)
        return (place.azure === azure ? all.engine : all.engineAbroad).restore(source, selectors, request);
      const dying = await engineOver(place.azure, {
        store: faultyStore(all.store, { killAt }),
        keys: all.keys,
        clock: hastyClock,
      });
      try {
        return await dying.restore(source, selectors, request);
      } finally {
        await dying.close();
      }
    },
    selector: ({ key } = thing) => (kind === "project" ? kind : `${kind}/${key}`),
    elsewhere(where) {
      const options = { name: `Copy ${number}-${places.length}`, defaultRepository: false };
      const there = where === "abroad" ? all.abroad : azure;
      const project = there.state.addProject(options);
      if (where !== undefined) there.state.purgeProject(project);
      const place = { azure: there, project };
      places.push(place);
      return place;
    },
  };
}

/** The place as it is after a restore that may have made the project. */
export function entered({ azure, project }: Place): Place {
  const now = azure.state.projectOf(project.name);
  if (now === undefined) throw new Error(`project ${project.name} was not made`);
  return { azure, project: now };
}

/** Id under which a thing is in the target after a restore. */
export function idOf(
  { steps }: RestoreResult,
  { kind, thing }: { readonly kind: string; readonly thing: Thing },
): string {
  const ids = [...steps].flatMap((step) =>
    step.kind === kind && step.key === thing.key ? (step.result.newId ?? []) : [],
  );
  const id = ids.at(-1);
  if (id === undefined) throw new Error(`the restore does not say what became of ${kind} ${thing.name}`);
  return id;
}

/** With its message, so that a failing story tells why. */
export function failuresOf({ steps }: RestoreResult): readonly string[] {
  return [...steps].flatMap(({ action, kind, name, result }) =>
    result.outcome === "failed" ? [`${action} ${kind} ${name}: ${result.message ?? "no message"}`] : [],
  );
}
