/** Hands values from a callback to a loop that may be slower: only the newest one waits. */
export interface Latest<Value> extends AsyncIterable<Value> {
  put(value: Value): void;
  /** The loop ends after the value that still waits. */
  close(): void;
}

export function latest<Value>(): Latest<Value> {
  let waiting: { readonly value: Value } | undefined;
  let closed = false;
  let wake: () => void = () => undefined;

  async function* values(): AsyncGenerator<Value> {
    for (;;) {
      const next = waiting;
      waiting = undefined;
      if (next !== undefined) yield next.value;
      else if (closed) return;
      else await new Promise<void>((resolve) => void (wake = resolve));
    }
  }

  return {
    put(value) {
      waiting = { value };
      wake();
    },
    close() {
      closed = true;
      wake();
    },
    [Symbol.asyncIterator]: values,
  };
}
