import { BackupError } from "../foundation/errors.ts";
import { ServiceFailure } from "./service-failure.ts";

/** A body that is cut is asked for again from where it broke off; this many times in a row without a new byte. */
const FRUITLESS_TRIES = 4;
/** Without a byte for this long, a body counts as cut. */
const STALL_MS = 60_000;
/** Waiting for all of a body: this, and a second for each 10 kB. One that trickles on for ever must end too. */
const PATIENCE_MS = 120_000;
const BYTES_PER_MS = 10;

export interface OpenBody {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Lets go of the connection at once; no error comes of it. */
  readonly cancel: () => void;
}

export interface BodySource {
  readonly name: string;
  readonly length: number;
  /** The body that was already opened. */
  readonly first: OpenBody;
  /** Opens the same object again, `done` bytes further on; does its own retrying of the request. */
  readonly reopen: (done: number) => Promise<OpenBody>;
  /** Waits before the n-th fruitless try. */
  readonly pause: (fruitless: number) => Promise<void>;
  /** Turns a failure into the error of the port. */
  readonly errorOf: (failure: ServiceFailure) => BackupError;
  /** Never goes back. */
  readonly monotonicMs: () => number;
}

/**
 * Yields exactly `length` bytes or throws: STORE_TRUNCATED when they end early again and again, STORE_UNAVAILABLE when
 * they have come too slowly for too long.
 */
export async function* resumingBody(source: BodySource): AsyncGenerator<Uint8Array> {
  const progress = { done: 0, waitedMs: 0 };
  let fruitless = 0;
  let body = source.first;
  for (;;) {
    const before = progress.done;
    const failure = yield* onePass(body, source, progress);
    if (progress.done === source.length) return;
    fruitless = progress.done > before ? 0 : fruitless + 1;
    if (fruitless >= FRUITLESS_TRIES) {
      throw failure === undefined ? truncated(source, progress.done) : source.errorOf(failure);
    }
    const pausedAt = source.monotonicMs();
    await source.pause(fruitless);
    progress.waitedMs += source.monotonicMs() - pausedAt;
    body = await source.reopen(progress.done);
  }
}

/** One body to its end or until it breaks; returns what broke it, if it was more than an early end. */
async function* onePass(
  body: OpenBody,
  source: BodySource,
  progress: { done: number; waitedMs: number },
): AsyncGenerator<Uint8Array, ServiceFailure | undefined> {
  const iterator = body.chunks[Symbol.asyncIterator]();
  let hasEnded = false;
  try {
    for (;;) {
      const askedAt = source.monotonicMs();
      const step = await nextOf(iterator);
      progress.waitedMs += source.monotonicMs() - askedAt;
      if (progress.waitedMs > PATIENCE_MS + source.length / BYTES_PER_MS) throw source.errorOf(noDataInTime());
      if (step instanceof ServiceFailure) return step;
      hasEnded = step === undefined; // read to its end, the connection can be used again
      if (step === undefined) return undefined;
      progress.done += step.length;
      if (progress.done > source.length) throw tooLong(source);
      yield new Uint8Array(step.buffer, step.byteOffset, step.length); // plain, also where Node hands out Buffers
    }
  } finally {
    if (!hasEnded) body.cancel();
  }
}

/** Undefined at the end. Only waiting for the network counts as a stall, not a slow consumer. */
async function nextOf(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined | ServiceFailure> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stalled = new Promise<ServiceFailure>((resolve) => {
    timer = setTimeout(() => resolve(noDataInTime()), STALL_MS);
  });
  try {
    const step = await Promise.race([iterator.next(), stalled]);
    if (step instanceof ServiceFailure) return step;
    return step.done === true ? undefined : step.value;
  } catch (error) {
    if (error instanceof BackupError) throw error;
    return error instanceof ServiceFailure ? error : connectionLost(error);
  } finally {
    clearTimeout(timer);
  }
}

function noDataInTime(): ServiceFailure {
  return new ServiceFailure({ status: undefined, serviceCode: "no data in time" });
}

function connectionLost(error: unknown): ServiceFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "connection lost";
  return new ServiceFailure({ status: undefined, serviceCode: code });
}

function truncated({ name, length }: BodySource, done: number): BackupError {
  return new BackupError({
    code: "STORE_TRUNCATED",
    message: `Object ${name} ended after ${done} of ${length} bytes, each time it was read`,
    hint: "Verify the vault; if it stays so, the stored object is damaged.",
  });
}

function tooLong({ name, length }: BodySource): BackupError {
  return new BackupError({
    code: "STORE_REQUEST",
    message: `Object ${name} gave more than the ${length} bytes it announced`,
    hint: "Check what lies between this machine and the storage account (a proxy that changes answers).",
  });
}
