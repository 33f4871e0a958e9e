/**
 * Every REST exchange as one line of NDJSON, in the form the traffic checker reads. Credentials are in headers and
 * are never written; Git and LFS traffic and OPTIONS are left out (no published description exists for them).
 */
import { closeSync, openSync, writeSync } from "node:fs";
import type { JsonValue } from "../../../engine/foundation/json.ts";

export interface RecordedExchange {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly accept?: string;
  readonly requestContentType?: string;
  readonly requestBody?: JsonValue;
  readonly contentType?: string;
  readonly responseBody?: JsonValue;
  /** The fault that struck; a damaged answer is recorded as it was before the damage. */
  readonly fault?: string;
}

export interface Traffic {
  /** Requests served, Git and LFS included. */
  readonly requests: number;
  /** Requests by `METHOD path` since the last `clear`; REST and Git. */
  readonly lines: readonly string[];
  count(line: string): void;
  clear(): void;
  record(exchange: RecordedExchange): void;
  close(): void;
}

/** Appends to `file` when one is given; several processes may append to the same. */
export function trafficLog(file: string | undefined): Traffic {
  const descriptor = file === undefined ? undefined : openSync(file, "a");
  let lines: string[] = [];
  let requests = 0;
  return {
    get requests() {
      return requests;
    },
    get lines() {
      return lines;
    },
    count: (line) => {
      requests += 1;
      lines.push(line);
    },
    clear: () => {
      lines = [];
      requests = 0;
    },
    record: (exchange) => {
      if (descriptor !== undefined) writeSync(descriptor, `${JSON.stringify(exchange)}\n`);
    },
    close: () => {
      if (descriptor !== undefined) closeSync(descriptor);
    },
  };
}
