/** What restores of work items need to know of the target as a whole; read once for each run, when first asked for. */
import { recycleBinIds } from "../../../../azure-devops/boards/work-items.ts";
import { tags, workItemTypes } from "../../../../azure-devops/boards/work-item-settings.ts";
import { arrayAt, isObject, stringAt, type JsonObject } from "../../../../foundation/json.ts";
import { memoized } from "../../../../foundation/memoized.ts";
import type { IdMap, TargetProject } from "../../../kind.ts";
import { readCopies } from "./origins.ts";
import { LinkLock } from "./link-lock.ts";

export class TargetFacts {
  readonly #target: TargetProject;
  readonly #typeTable = memoized(() => this.#readTypes());
  /** Ids in the project's recycle bin; undefined when they are too many for one list. */
  readonly recycleBin = memoized(() => this.#readRecycleBin());
  /** What restores have made in the target before this one, by the links to their origins. */
  readonly copies = memoized(() => readCopies(this.#target));
  /** Copies that no journal told of, by their origin; `instead` of what the journals say, which is gone. */
  readonly learnt = new Map<number, { readonly instead: number | undefined; readonly id: number }>();
  /** Whether the service takes many writes in one request; until it refuses one it is believed to. */
  readonly batches = { areTaken: true };
  /** The highest id that this run has made: what it makes later is above. */
  highestMade = 0;
  /** Names of the project's tags, lower case, as they were when first asked for. */
  readonly tags = memoized(() => this.#readTags());
  /** Held while links of its work items change. */
  readonly links = new LinkLock();

  constructor(target: TargetProject) {
    this.#target = target;
  }

  /** False only for a type that the target's process does not have. */
  async hasType(type: string): Promise<boolean> {
    return this.#target.isNew || (await this.#typeTable()).has(type.toLowerCase());
  }

  /** Tells fields that items of the type cannot have. The service's own fields and those of boards are on no list. */
  async fieldsOf(type: string): Promise<(name: string) => boolean> {
    const known = this.#target.isNew ? undefined : (await this.#typeTable()).get(type.toLowerCase());
    if (known === undefined || known.size === 0) return () => true;
    return (name) => /^(?:System\.|WEF_)/i.test(name) || known.has(name.toLowerCase());
  }

  async #readTypes(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const types = await workItemTypes(this.#target.azureDevOps, this.#target.project.id);
    return new Map(types.map((type) => [(stringAt(type, "name") ?? "").toLowerCase(), fieldNamesOf(type)]));
  }

  async #readTags(): Promise<ReadonlySet<string>> {
    const list = await tags(this.#target.azureDevOps, this.#target.project.id);
    return new Set(list.map((tag) => (stringAt(tag, "name") ?? "").toLowerCase()));
  }

  async #readRecycleBin(): Promise<ReadonlySet<number> | undefined> {
    const ids = await recycleBinIds(this.#target.azureDevOps, this.#target.project.id);
    return ids === undefined ? undefined : new Set(ids);
  }
}

function fieldNamesOf(type: JsonObject): ReadonlySet<string> {
  const fields = [...(arrayAt(type, "fields") ?? []), ...(arrayAt(type, "fieldInstances") ?? [])].filter(isObject);
  return new Set(fields.map((field) => (stringAt(field, "referenceName") ?? "").toLowerCase()));
}

/** One for each run and target: whoever asks in the same run has the same map of ids. */
const known = new WeakMap<IdMap, TargetFacts>();

export function factsOf(target: TargetProject): TargetFacts {
  const facts = known.get(target.ids) ?? new TargetFacts(target);
  known.set(target.ids, facts);
  return facts;
}
