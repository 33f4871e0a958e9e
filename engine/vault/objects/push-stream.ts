/** A stream that is pushed into at one end and read at the other, with one chunk in between. */
export interface PushStream {
  /** Resolves when the reader has taken the chunk; rejects once the reader has given up. */
  push(chunk: Uint8Array): Promise<void>;
  /** With a last chunk that nobody waits for. */
  end(last: Uint8Array): void;
  /** Tells pushers, waiting ones too, that nobody reads any more. */
  fail(error: Error): void;
  /** May be read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

interface Waiting {
  readonly chunk: Uint8Array;
  taken(): void;
  failed(error: Error): void;
}

export function pushStream(): PushStream {
  const queue: Waiting[] = [];
  let isEnded = false;
  let failure: Error | undefined;
  let wake = (): void => undefined;

  async function* read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const first = queue.shift();
      if (first !== undefined) {
        first.taken();
        yield first.chunk;
      } else if (isEnded) {
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  }

  return {
    chunks: read(),
    push(chunk) {
      return new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        queue.push({ chunk, taken: resolve, failed: reject });
        wake();
      });
    },
    end(last) {
      if (failure === undefined) queue.push({ chunk: last, taken: () => undefined, failed: () => undefined });
      isEnded = true;
      wake();
    },
    fail(error) {
      failure = error;
      for (const waiting of queue.splice(0)) waiting.failed(error);
    },
  };
}
