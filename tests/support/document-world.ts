/** A project with documents of one kind in a simulated organisation, and the engine over it. */
import { systemClock } from "../../engine/foundation/clock.ts";
import { isObject, type JsonObject } from "../../engine/foundation/json.ts";
import type { Gap, Step } from "../../engine/kinds/kind.ts";
import { registry } from "../../engine/kinds/registry.ts";
import type { BackupRequest } from "../../engine/operations/backup/session.ts";
import type { RestoreRequest } from "../../engine/operations/restore/request.ts";
import type { BackupResult, DoneStep, RestoreResult } from "../../engine/operations/results.ts";
import type { DocumentStore, SimDocument } from "../simulator/documents/document-store.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import type { SimHost } from "../simulator/service.ts";
import { engineOver, type Engine } from "./backup-engine.ts";
import { simulator, type TestSimulator } from "./simulator.ts";

export interface DocumentWorld extends AsyncDisposable {
  readonly azure: TestSimulator;
  readonly engine: Engine;
  readonly project: ProjectRecord;
  readonly documents: DocumentStore;
  /** What is there now, by name. */
  named(name: string): SimDocument | undefined;
  /** Changes members of the document. */
  edit(id: string, changes: JsonObject): void;
  backUp(changes?: Partial<BackupRequest>): Promise<BackupResult>;
  restore(selectors: readonly string[], changes?: Partial<RestoreRequest>): Promise<RestoreResult>;
}

/** Only the project and the named kinds are backed up. */
export async function documentWorld(
  kinds: readonly string[],
  part: (host: SimHost) => DocumentStore,
): Promise<DocumentWorld> {
  const azure = await simulator();
  const engine = await engineOver(azure, { clock: systemClock });
  const project = azure.state.addProject("Shop");
  const documents = azure.state.part(part);
  const own = registry.filter(({ name }) => ["project", ...kinds].includes(name));
  return {
    azure,
    engine,
    project,
    documents,
    named: (name) => documents.of(project.id).find(({ body }) => body.name === name),
    edit(id, changes) {
      documents.update(id, { body: { ...documents.byId(id)?.body, ...changes } });
    },
    backUp: (changes) => engine.backUp(project, { kinds: own, ...changes }),
    restore: (selectors, changes) => engine.restore(project, selectors, { kinds: own, ...changes }),
    async [Symbol.asyncDispose]() {
      await engine.close();
      await azure.stop();
    },
  };
}

/** `code item`, in order. */
export function gapsIn({ gaps }: { readonly gaps: readonly Gap[] }): readonly string[] {
  return gaps.map(({ code, item }) => `${code} ${item ?? ""}`).sort();
}

/** `create Payments`; with what became of them where they were carried out. */
export function stepsIn(result: RestoreResult): readonly string[] {
  return [...result.steps].map((step: Step | DoneStep) => {
    const done = "result" in step && isObject(step.result) ? `: ${step.result.outcome}` : "";
    return `${step.action} ${step.name}${done}`;
  });
}
