/**
 * Faults on demand. A fault names the exchanges it hits by a predicate and how often it strikes; what it does is
 * either an answer instead of the real one (before any effect) or damage to the real answer (after the effect).
 */
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

/** What a predicate may look at. */
export interface Exchange {
  readonly method: string;
  /** Host prefix: `` (dev.azure.com), `vssps`, … */
  readonly host: string;
  /** Decoded path below the organisation, e.g. `shop/_apis/wit/workitems/7` or `shop/_git/web/info/refs`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON body when there is one. */
  readonly body: unknown;
}

export type FaultAction =
  /** 429, 503, 500, 403, …: nothing happens, this status comes back. */
  | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds?: number; readonly message?: string }
  /** The sign-in page as 203, or the redirect to it. */
  | { readonly kind: "signInPage" }
  | { readonly kind: "signInRedirect" }
  /** The content waits at another host, as downloads do; that host refuses requests that carry credentials. */
  | { readonly kind: "redirectToStorage" }
  /** The connection ends before anything happened. */
  | { readonly kind: "resetBefore" }
  /** It happened, the answer is lost. */
  | { readonly kind: "resetAfter" }
  /** The connection ends after so many bytes of the body (default half of it). */
  | { readonly kind: "cutBody"; readonly atByte?: number }
  /** A body cut short with a Content-Length that matches what is left: only the content tells. */
  | { readonly kind: "truncatedBody"; readonly atByte?: number }
  /** The body drips, in so many pieces with this pause. */
  | { readonly kind: "slowBody"; readonly pieces: number; readonly pauseMs: number }
  /** The answer as it should be, but so much later. */
  | { readonly kind: "delay"; readonly delayMs: number };

export type Fault = FaultAction & {
  readonly when: (exchange: Exchange) => boolean;
  /** How many exchanges it hits, after `skip` that pass; default 1. */
  readonly times?: number;
  readonly skip?: number;
};

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  /** Exchanges hit so far. */
  readonly struck: number;
  /** The fault that hits this exchange; counts it. */
  take(exchange: Exchange): Fault | undefined;
}

export function faultList(): Faults {
  let pending: { readonly fault: Fault; seen: number }[] = [];
  let struck = 0;
  return {
    add: (fault) => void pending.push({ fault, seen: 0 }),
    clear: () => {
      pending = [];
    },
    get struck() {
      return struck;
    },
    take: (exchange) => {
      for (const entry of pending.filter(({ fault }) => fault.when(exchange))) {
        const turn = entry.seen - (entry.fault.skip ?? 0);
        entry.seen += 1;
        if (turn < 0 || turn >= (entry.fault.times ?? 1)) continue;
        struck += 1;
        return entry.fault;
      }
      return undefined;
    },
  };
}

/** Makes the response suffer what the fault says, whatever is written to it later. */
export function damage(response: ServerResponse, fault: Fault): void {
  const { kind } = fault;
  if (kind !== "resetAfter" && kind !== "cutBody" && kind !== "truncatedBody" && kind !== "slowBody") return;
  const chunks: Buffer[] = [];
  let head: Head | undefined;
  const end = response.end.bind(response);
  const write = response.write.bind(response);
  const writeHead = response.writeHead.bind(response);
  const collect = (chunk: unknown): void => {
    if (typeof chunk === "string" || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  Object.assign(response, {
    writeHead: (status: number, headers: Record<string, string> = {}) => {
      head = { status, headers };
      return response;
    },
    write: (chunk: unknown, ...rest: readonly unknown[]) => {
      collect(chunk);
      const done = rest.find((one) => typeof one === "function") as (() => void) | undefined;
      if (done !== undefined) setImmediate(done);
      return true;
    },
    end: (chunk?: unknown) => {
      collect(chunk);
      Object.assign(response, { end, write, writeHead });
      void sendDamaged(response, Buffer.concat(chunks), { fault, head: head ?? { status: 200, headers: {} } });
      return response;
    },
  });
}

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, number | string | readonly string[]>>;
}

async function sendDamaged(
  response: ServerResponse,
  body: Buffer,
  { fault, head }: { readonly fault: Fault; readonly head: Head },
): Promise<void> {
  const kept = Object.entries(head.headers).filter(([name]) => !/^content-length$/i.test(name));
  const start = (length: number): void => {
    response.writeHead(head.status, { ...(Object.fromEntries(kept) as OutgoingHttpHeaders), "content-length": length });
  };
  const half = Math.floor(body.length / 2);
  switch (fault.kind) {
    case "slowBody":
      start(body.length);
      await drip(response, body, fault);
      break;
    case "cutBody":
      start(body.length);
      response.write(body.subarray(0, fault.atByte ?? half), () => response.destroy());
      break;
    case "truncatedBody":
      start(Math.min(fault.atByte ?? half, body.length));
      response.end(body.subarray(0, fault.atByte ?? half));
      break;
    default:
      response.destroy();
  }
}

async function drip(response: ServerResponse, body: Buffer, fault: Fault & { kind: "slowBody" }): Promise<void> {
  const size = Math.max(1, Math.ceil(body.length / fault.pieces));
  for (let from = 0; from < body.length; from += size) {
    response.write(body.subarray(from, from + size));
    await new Promise((resolve) => setTimeout(resolve, fault.pauseMs));
  }
  response.end();
}
