/** What the stories of the contract suite are told with. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "vitest";
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { registry } from "../../../engine/kinds/registry.ts";
import type { RestoreResult } from "../../../engine/operations/results.ts";
import { translated, undeclared } from "./comparison.ts";
import type { Difference, KindContract, Place, Thing } from "./declaration.ts";
import { idOf, storyOf, type Organizations, type Story } from "./world.ts";

/** Of every kind of the registry that can be restored; one without a file of its own fails the suite. */
export async function allContracts(): Promise<readonly (readonly [kind: string, contract: KindContract])[]> {
  const restorable = registry.filter(({ restore }) => restore !== undefined);
  return Promise.all(restorable.map(async ({ name }) => [name, await contractOf(name)] as const));
}

async function contractOf(kind: string): Promise<KindContract> {
  const file = join(import.meta.dirname, "..", "kinds", `${kind}.ts`);
  if (!existsSync(file))
    throw new Error(`${kind} can be restored: write tests/contract/kinds/${kind}.ts (docs/adding-a-kind.md)`);
  const module: { readonly contract: KindContract } = await import(pathToFileURL(file).href);
  return module.contract;
}

/** How a restored thing came to be: each has its own list of what may differ. */
export type As = "inPlace" | "undeleted" | "anew" | "beside" | "elsewhere" | "abroad" | "equal";

export interface Found {
  readonly result: RestoreResult;
  readonly place: Place;
  readonly as: As;
  /** What it lacks besides. */
  readonly lost?: readonly Difference[];
}

export interface Storyteller {
  readonly tell: (more?: readonly string[]) => Promise<Story>;
  readonly shown: (place: Place, id: string) => Promise<JsonObject>;
  readonly outcomes: (result: RestoreResult, thing: Thing) => readonly string[];
  /** Without the item's name. */
  readonly secretsOn: (result: RestoreResult) => readonly string[];
  /** The thing that the restore speaks of is as it was stored, but for what its kind declares. */
  readonly expectAsStored: (story: Story, found: Found) => Promise<void>;
}

export function storyteller(kind: string, contract: KindContract, all: () => Organizations): Storyteller {
  const shown = async (place: Place, id: string): Promise<JsonObject> => {
    const read = await contract.read(place, id);
    if (read === undefined) throw new Error(`${kind} ${id} is not there`);
    return read;
  };
  return {
    tell: (more = []) => storyOf(kind, contract, { all: all(), more }),
    shown,
    outcomes: ({ steps }, { key }) =>
      [...steps].flatMap((step) => (step.kind === kind && step.key === key ? step.result.outcome : [])),
    secretsOn: ({ worksheet }) => worksheet.map((line) => line.slice(line.lastIndexOf(": ") + 2)),
    async expectAsStored(story, { result, place, as, lost = [] }) {
      const expected = translated(story.stored, contract, { from: story.storedIn, to: place, result });
      const present = await shown(place, idOf(result, story));
      const lines = undeclared(expected, present, [...declaredFor(contract, as), ...lost]);
      expect(as === "equal" ? lines.filter((line) => !line.endsWith("does not")) : lines).toEqual([]);
    },
  };
}

function declaredFor({ differences }: KindContract, as: As): readonly Difference[] {
  const { inPlace, undeleted = [], anew, beside = [], elsewhere = [], abroad = [] } = differences;
  const declared = { inPlace, undeleted: [...inPlace, ...undeleted], anew, equal: anew };
  const other = { elsewhere: [...anew, ...elsewhere], abroad: [...anew, ...elsewhere, ...abroad] };
  return { ...declared, ...other, beside: [...anew, ...beside] }[as];
}
