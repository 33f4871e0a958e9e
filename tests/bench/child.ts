/**
 * Parts of the bench that run in processes of their own, so that their time and memory are not ours: a module's
 * functions, called over the channel between parent and child.
 */
import { fork } from "node:child_process";
import { once } from "node:events";

/** Functions of a child; arguments and results pass as JSON. */
export type Functions = Record<string, (argument: never) => unknown>;

export type Remote<Offered extends Functions> = {
  readonly [Name in keyof Offered]: (
    argument: Parameters<Offered[Name]>[0],
  ) => Promise<Awaited<ReturnType<Offered[Name]>>>;
};

interface Call {
  readonly number: number;
  readonly name: string;
  readonly argument: never;
}

interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** In the child: answers calls until the parent goes. */
export function offer(functions: Functions): void {
  process.on("message", (call: Call) => void answer(functions, call).then((said) => process.send?.(said)));
  process.on("disconnect", () => process.exit());
  process.on("SIGINT", () => undefined); // the parent ends us, after what it still needs
  process.send?.({ number: 0 });
}

async function answer(functions: Functions, { number, name, argument }: Call): Promise<Answer> {
  try {
    return { number, value: await functions[name]?.(argument) };
  } catch (error) {
    return { number, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

export interface Child<Offered extends Functions> {
  readonly call: Remote<Offered>;
  stop(): Promise<void>;
}

/** Starts `script` with `role` as its argument; it has to call `offer`. */
export async function startChild<Offered extends Functions>(script: string, role: string): Promise<Child<Offered>> {
  const child = fork(script, [role], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const waiting = new Map<number, { done: (value: unknown) => void; failed: (error: Error) => void }>();
  let calls = 0;
  const ready = new Promise<void>((resolve, reject) => {
    child.on("message", ({ number, value, error }: Answer) => {
      if (number === 0) resolve();
      const caller = waiting.get(number);
      waiting.delete(number);
      if (error === undefined) caller?.done(value);
      else caller?.failed(new Error(error));
    });
    child.once("exit", (code) => {
      const ended = new Error(`the bench's ${role} process ended with code ${String(code)}`);
      reject(ended);
      for (const { failed } of waiting.values()) failed(ended);
    });
  });
  await ready;
  const call = (name: string, argument: unknown): Promise<unknown> =>
    new Promise((done, failed) => {
      calls += 1;
      waiting.set(calls, { done, failed });
      child.send({ number: calls, name, argument });
    });
  const names = new Proxy({}, { get: (_target, name) => (argument: unknown) => call(String(name), argument) });
  return {
    call: names as Remote<Offered>,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}
