/**
 * One restore at a time into a target, as far as they share a recovery key: two that both find nothing there would make
 * everything twice. The register says which one is at it; its journal shows signs of life, by the storage's clock. What
 * has shown none for long is taken for dead, and its journal is closed to it first, so that it cannot go on beside us.
 * Everything is created and nothing deleted or changed, so it works in containers that allow no more.
 */
import type { Clock } from "../../foundation/clock.ts";
import { BackupError, hasCode } from "../../foundation/errors.ts";
import type { Reporter } from "../../foundation/reporter.ts";
import { journalChain, type JournalChain } from "../../vault/journal/journal-objects.ts";
import type { JournalTarget, RestoreJournal } from "../../vault/journal/restore-journal.ts";
import type { OpenRestore } from "../../vault/journal/restore-register.ts";
import type { KeptRestores } from "./history.ts";

/** After so long without a sign of life a restore is taken for dead. */
const silentMs = 90_000;
/** A restore that could not show one for so long stops by itself, well before others begin. */
const mustStopMs = 60_000;
const signEveryMs = 20_000;
const pollMs = 2000;
const longestWaitMs = 60 * 60_000;

export interface TurnTools {
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/**
 * Waits until no other restore into the target is at it, and says in the register that this one is. The same restore is
 * not waited for: it goes on at once, and stops whoever is still at it. Throws RESTORE_BUSY after an hour.
 */
export async function takeTurn(
  history: readonly KeptRestores[],
  target: JournalTarget,
  tools: TurnTools,
): Promise<void> {
  for (const kept of history) await takeTurnAt(kept, target, tools);
}

async function takeTurnAt(kept: KeptRestores, target: JournalTarget, tools: TurnTools): Promise<void> {
  const { clock, reporter, signal } = tools;
  const chains = new Map<string, JournalChain>();
  const deadlineMs = clock.monotonicMs() + longestWaitMs;
  let hasSaid = false;
  for (;;) {
    await kept.register.refresh();
    const [alive, dead] = await othersInto(target, kept, chains);
    if (alive === undefined) {
      if (await hasEntered(kept, target, { dead, chains, reporter })) return;
      continue;
    }
    if (clock.monotonicMs() > deadlineMs) throw busy(target, alive);
    if (!hasSaid) reporter.info(`Restore ${short(alive)} into ${target.projectName} is at work; this one waits for it`);
    hasSaid = true;
    await clock.sleep(pollMs, signal);
  }
}

async function othersInto(
  target: JournalTarget,
  kept: KeptRestores,
  chains: Map<string, JournalChain>,
): Promise<readonly [alive: OpenRestore | undefined, dead: readonly OpenRestore[]]> {
  const dead: OpenRestore[] = [];
  for (const other of kept.register.openInto(target)) {
    if (other.restoreId === kept.restoreId) continue;
    const chain = chains.get(other.restoreId) ?? journalChain(kept.place, other.restoreId);
    chains.set(other.restoreId, chain);
    if (await isAlive(other, chain, kept)) return [other, []];
    dead.push(other);
  }
  return [undefined, dead];
}

async function isAlive(other: OpenRestore, chain: JournalChain, { place }: KeptRestores): Promise<boolean> {
  const bodies = chain.readOn();
  while ((await bodies.next()).done !== true);
  const newest = await place.store.info(chain.names.at(-1) ?? other.name);
  if (newest === undefined) return false;
  return (await place.store.serviceTime()).getTime() - Date.parse(newest.createdAt) < silentMs;
}

/** False when somebody wrote meanwhile: then everything has to be looked at once more. */
async function hasEntered(
  { register, restoreId }: KeptRestores,
  target: JournalTarget,
  others: {
    readonly dead: readonly OpenRestore[];
    readonly chains: ReadonlyMap<string, JournalChain>;
    readonly reporter: Reporter;
  },
): Promise<boolean> {
  try {
    for (const other of others.dead) {
      await others.chains.get(other.restoreId)?.append({ sign: "fence" });
      await register.close(other.restoreId);
      others.reporter.warn(
        `Restore ${short(other)} into ${target.projectName} was broken off; run it again to have it finished`,
      );
    }
    const isOpen = register.openInto(target).some((open) => open.restoreId === restoreId);
    if (!isOpen) await register.open(restoreId, target);
    return true;
  } catch (error) {
    if (!hasCode(error, "JOURNAL_BUSY")) throw error;
    return false;
  }
}

export interface Turn {
  /** Throws when the turn may be another's by now. Asked before anything is made. */
  mustHold(): void;
  /** Says in the register that it is over, but after JOURNAL_BUSY: then another run goes on with it. */
  end(error: unknown, target: JournalTarget): Promise<void>;
}

/** Shows signs of life in the restore's journals until it ends. */
export function keepTurn(
  history: readonly KeptRestores[],
  journals: readonly RestoreJournal[],
  { clock }: Pick<TurnTools, "clock">,
): Turn {
  const over = new AbortController();
  let lost: BackupError | undefined;
  let signedMs = clock.monotonicMs();
  let written = lengthOf(journals);

  async function signs(): Promise<void> {
    while (!over.signal.aborted) {
      await clock.sleep(signEveryMs, over.signal);
      await new Promise((resolve) => setImmediate(resolve)); // a clock of tests may not sleep at all
      const isNew = lengthOf(journals) > written;
      if (!isNew && clock.monotonicMs() - signedMs < signEveryMs) continue;
      const beganMs = clock.monotonicMs();
      if (!isNew || journals.length > 1) for (const journal of journals) await journal.sign("alive");
      [signedMs, written] = [beganMs, lengthOf(journals)];
    }
  }

  async function keepOn(): Promise<void> {
    while (!over.signal.aborted)
      await signs().catch((error: unknown) => {
        if (!hasCode(error, "JOURNAL_BUSY")) return; // storage that is out of reach: mustHold will tell
        lost = error;
        over.abort();
      });
  }

  const keeping = keepOn();
  return {
    mustHold() {
      if (lost !== undefined) throw lost;
      if (lengthOf(journals) === written && clock.monotonicMs() - signedMs > mustStopMs) throw silent();
    },
    async end(error, target) {
      over.abort();
      await keeping;
      if (hasCode(error, "JOURNAL_BUSY")) return;
      for (const kept of history)
        await closeAt(kept, target).catch((failure: unknown) => {
          if (error === undefined) throw failure; // else there is something more important to tell: others wait a little
        });
    },
  };
}

function lengthOf(journals: readonly RestoreJournal[]): number {
  return journals.reduce((sum, { chain }) => sum + chain.names.length, 0);
}

/** However many others write into the register at the same time. */
async function closeAt({ register, restoreId }: KeptRestores, target: JournalTarget): Promise<void> {
  for (;;) {
    try {
      await register.close(restoreId, target);
      return;
    } catch (error) {
      if (!hasCode(error, "JOURNAL_BUSY")) throw error;
      await register.refresh();
    }
  }
}

function short({ restoreId }: Pick<OpenRestore, "restoreId">): string {
  return restoreId.slice(0, 12);
}

function busy({ projectName }: JournalTarget, other: OpenRestore): BackupError {
  return new BackupError({
    code: "RESTORE_BUSY",
    message: `Another restore (${short(other)}) into ${projectName} has been at work for an hour`,
    hint: "Let it finish, or cancel it, then run again.",
  });
}

function silent(): BackupError {
  return new BackupError({
    code: "JOURNAL_SILENT",
    message: `The storage has taken no entry into the restore's journal for ${mustStopMs / 1000} seconds`,
    hint: "Run it again when the storage can be reached: the restore goes on where it stopped.",
  });
}
