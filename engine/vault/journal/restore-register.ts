/**
 * The register of restores from one vault under one recovery key (docs/format.md 3.10): a journal of its own that says
 * which restores were begun, into what, and which have ended. So later ones find the journals of earlier ones without a
 * listing that others could fill, and two of them can see each other: an entry goes in only behind all that was read.
 */
import { canonicalJson, objectAt, stringAt, type JsonObject } from "../../foundation/json.ts";
import { utf8 } from "../../foundation/bytes.ts";
import { sha256Hex } from "../../crypto/cryptography.ts";
import { journalChain, type JournalChain, type JournalPlace } from "./journal-objects.ts";
import { isSameTarget, journalTargetOf, jsonOf, type JournalTarget } from "./restore-journal.ts";

export interface OpenRestore {
  readonly restoreId: string;
  /** Object of the register that says so. */
  readonly name: string;
}

export interface RestoreRegister {
  readonly chain: Pick<JournalChain, "names" | "strangers">;
  /** Reads what others have written meanwhile. */
  refresh(): Promise<void>;
  /** Ids of all restores, whatever they went into. */
  readonly ids: ReadonlySet<string>;
  /** Ids of those into the target, in the order in which they were first begun. */
  into(target: JournalTarget): readonly string[];
  /** Those into the target that were begun and have not ended, as far as is known here. */
  openInto(target: JournalTarget): readonly OpenRestore[];
  /** Both throw JOURNAL_BUSY when somebody wrote since the last reading: read again, judge again. */
  open(restoreId: string, target: JournalTarget): Promise<void>;
  /** `target`, when the project's id has become known. */
  close(restoreId: string, target?: JournalTarget): Promise<void>;
}

export async function openRegister(place: JournalPlace): Promise<RestoreRegister> {
  const register = new Register(place);
  await register.refresh();
  return register;
}

interface Entry {
  readonly targets: JournalTarget[];
  /** The object that opened it, while it is open. */
  openedBy: string | undefined;
}

class Register implements RestoreRegister {
  readonly chain: JournalChain;
  readonly #entries = new Map<string, Entry>();

  constructor(place: JournalPlace) {
    this.chain = journalChain(place, registerId(place));
  }

  get ids(): ReadonlySet<string> {
    return new Set(this.#entries.keys());
  }

  async refresh(): Promise<void> {
    for await (const body of this.chain.readOn()) this.#take(body);
  }

  into(target: JournalTarget): readonly string[] {
    const found = [...this.#entries].filter(([, { targets }]) => targets.some((known) => isSameTarget(known, target)));
    return found.map(([id]) => id);
  }

  openInto(target: JournalTarget): readonly OpenRestore[] {
    return this.into(target).flatMap((restoreId) => {
      const name = this.#entries.get(restoreId)?.openedBy;
      return name === undefined ? [] : [{ restoreId, name }];
    });
  }

  open(restoreId: string, target: JournalTarget): Promise<void> {
    return this.#write({ begun: restoreId, target: jsonOf(target) });
  }

  close(restoreId: string, target?: JournalTarget): Promise<void> {
    return this.#write({ ended: restoreId, ...(target === undefined ? {} : { target: jsonOf(target) }) });
  }

  async #write(body: JsonObject): Promise<void> {
    await this.chain.append(body);
    this.#take(body);
  }

  #take(body: JsonObject): void {
    const begun = stringAt(body, "begun");
    const id = begun ?? stringAt(body, "ended");
    if (id === undefined) return;
    const entry = this.#entries.get(id) ?? { targets: [], openedBy: undefined };
    this.#entries.set(id, entry);
    const target = journalTargetOf(objectAt(body, "target"));
    if (target !== undefined) entry.targets.push(target);
    entry.openedBy = begun === undefined ? undefined : this.chain.names.at(-1);
  }
}

/** In the form of a restore's id, which is the hash of other facts. */
function registerId({ vault, cryptography, key }: JournalPlace): string {
  return sha256Hex(cryptography, utf8(canonicalJson({ register: "restores", vault, key: key.fingerprint })));
}
