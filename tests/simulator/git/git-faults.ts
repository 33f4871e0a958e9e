/**
 * Faults of a Git or LFS server on demand. Each fault names the requests it hits; handlers ask `take` once per
 * request, so that "the second fetch of this repository breaks after 5,000 bytes" is one line in a test.
 */
import type { ServerResponse } from "node:http";

export type GitRequestKind = "refs" | "fetch" | "push" | "lfs-batch" | "lfs-object";

export type GitFaultAction =
  /** Ends the answer after `at` bytes of its body: as if complete (`clean`), or by cutting the connection. */
  | { readonly kind: "cut"; readonly at: number; readonly clean: boolean }
  /** Flips one bit of the byte at this offset of the body. */
  | { readonly kind: "flip"; readonly at: number }
  /** A fatal message on side-band 3 in an answer with status 200. */
  | { readonly kind: "remote-error"; readonly text: string }
  | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds?: number; readonly text?: string }
  /** The sign-in page instead of an answer, or a redirect to it. */
  | { readonly kind: "sign-in"; readonly status: 203 | 302 }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "reset" }
  | { readonly kind: "slow"; readonly beforeMs: number };

export interface GitFault {
  readonly on: GitRequestKind;
  /** Only requests whose path contains this text. */
  readonly path?: string;
  /** Matching requests that pass before the fault begins; default 0. */
  readonly skip?: number;
  /** Matching requests that are hit; default 1. */
  readonly times?: number;
  readonly action: GitFaultAction;
}

export interface GitFaults {
  add(fault: GitFault): void;
  clear(): void;
  /** The action for this request, if any; counts the request. */
  take(on: GitRequestKind, path: string): GitFaultAction | undefined;
}

export function gitFaults(): GitFaults {
  let pending: { fault: GitFault; seen: number }[] = [];
  return {
    add: (fault) => void pending.push({ fault, seen: 0 }),
    clear: () => {
      pending = [];
    },
    take: (on, path) => {
      let action: GitFaultAction | undefined;
      for (const entry of pending) {
        const { fault } = entry;
        if (fault.on !== on || !path.includes(fault.path ?? "")) continue;
        const turn = entry.seen - (fault.skip ?? 0);
        entry.seen += 1;
        if (turn >= 0 && turn < (fault.times ?? 1)) action ??= fault.action;
      }
      return action;
    },
  };
}

/** Answers the request when the fault leaves nothing of the real answer; true when it did. */
export async function answeredByFault(fault: GitFaultAction | undefined, response: ServerResponse): Promise<boolean> {
  switch (fault?.kind) {
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, fault.beforeMs));
      return false;
    case "reset":
      response.destroy();
      return true;
    case "redirect":
      response.writeHead(302, { location: fault.location }).end();
      return true;
    case "sign-in":
      answerSignIn(fault.status, response);
      return true;
    case "status":
      answerStatus(fault, response);
      return true;
    default:
      return false;
  }
}

function answerSignIn(status: 203 | 302, response: ServerResponse): void {
  const headers = { "content-type": "text/html; charset=utf-8" };
  const location = { location: "https://spsprodneu1.vssps.visualstudio.com/_signin?realm=dev.azure.com" };
  response.writeHead(status, status === 302 ? { ...headers, ...location } : headers);
  response.end("<html><head><title>Azure DevOps Services | Sign In</title></head><body></body></html>");
}

function answerStatus(fault: GitFaultAction & { kind: "status" }, response: ServerResponse): void {
  const wait = fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) };
  response.writeHead(fault.status, { "content-type": "text/plain; charset=utf-8", ...wait });
  response.end(fault.text ?? "TF400733: The request has been canceled: Request was blocked due to exceeding usage.");
}

/** Writes the body with back pressure and whatever the fault does to it. False when the connection was cut. */
export async function writeBody(
  body: AsyncIterable<Uint8Array>,
  response: ServerResponse,
  fault: GitFaultAction | undefined,
): Promise<boolean> {
  let sent = 0;
  for await (const chunk of body) {
    if (response.destroyed) return false;
    if (fault?.kind === "cut" && sent + chunk.length >= fault.at) {
      const last = chunk.subarray(0, fault.at - sent);
      if (fault.clean) response.end(last);
      else response.write(last, () => response.destroy());
      return false;
    }
    if (fault?.kind === "flip") flipBit(chunk, fault.at - sent);
    sent += chunk.length;
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
  return true;
}

function flipBit(chunk: Uint8Array, index: number): void {
  const byte = chunk[index];
  if (byte !== undefined) chunk[index] = byte ^ 0x40;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
