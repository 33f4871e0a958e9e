/** What retire entries name: read from the log, and from the sealed lists that its entries refer to. */
import { mapConcurrent } from "../../foundation/concurrency.ts";
import { BackupError } from "../../foundation/errors.ts";
import type { Retired } from "./commit-rules.ts";
import { parseObjectPath } from "../format/layout.ts";
import type { LoggedEntry } from "../format/logged-entry.ts";
import type { RetireEntry } from "../format/log-entry.ts";
import { entriesOf } from "../format/logged-entry.ts";
import type { Log } from "../log/log.ts";
import type { Ref } from "../format/ref.ts";
import { readObjectLines } from "../objects/sealed-objects.ts";
import type { VaultAccess } from "../objects/sealed-objects.ts";

const listsAtATime = 16;

export interface RetiredNames {
  /** What one retire entry names, object paths; cached. Throws when its list cannot be read in full. */
  listOf(entry: LoggedEntry<RetireEntry>): Promise<readonly string[]>;
  /** Everything retire entries of the log name. */
  all(log: Pick<Log, "entries">): Promise<Retired>;
}

export function retiredNames(access: VaultAccess): RetiredNames {
  const lists = new Map<string, Promise<readonly string[]>>();

  function listOf({ entry }: LoggedEntry<RetireEntry>): Promise<readonly string[]> {
    const ref = entry.retire.objects;
    const known = lists.get(ref.o) ?? readList(access, ref);
    lists.set(ref.o, known);
    return known;
  }

  return {
    listOf,
    async all(log) {
      const entries = entriesOf(log, "retire");
      const objects = new Set<string>();
      for await (const list of mapConcurrent(entries, listsAtATime, listOf)) for (const path of list) objects.add(path);
      return { objects, runs: retiredRuns(log) };
    },
  };
}

/** Runs that were given up for dead. */
export function retiredRuns(log: Pick<Log, "entries">): ReadonlySet<string> {
  return new Set(entriesOf(log, "retire").flatMap(({ entry }) => entry.retire.runs));
}

async function readList(access: VaultAccess, ref: Ref): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const path of readObjectLines(access, ref)) {
    if (parseObjectPath(path) === undefined) {
      throw new BackupError({
        code: "RETIRE_LIST",
        message: `The list of retired objects ${ref.o} holds something that is no object of the vault`,
        hint: "Nothing is deleted by it. Verify the vault.",
      });
    }
    paths.push(path);
  }
  return paths;
}
