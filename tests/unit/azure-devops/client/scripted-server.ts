/** A small local Azure DevOps that answers by script: each route gives its replies in turn, the last one for ever. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { Clock } from "../../../../engine/foundation/clock.ts";
import type { Reporter } from "../../../../engine/foundation/reporter.ts";
import { connectAzureDevOps } from "../../../../engine/azure-devops/connection.ts";
import type { AzureDevOpsConnection, AzureDevOpsOptions } from "../../../../engine/azure-devops/connection.ts";
import { personalAccessToken } from "../../../../engine/azure-devops/sign-in.ts";

export const collectionId = "5d9b0a52-3e7e-4c0e-9d1f-0a7f0d2f6f11";

export interface Seen {
  readonly method: string;
  /** Path and query, still encoded. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export type Reply = (response: ServerResponse, seen: Seen) => void;

export function json(body: unknown, { status = 200, headers = {} } = {}): Reply {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(JSON.stringify(body));
  };
}

export function zipped(body: unknown, cutTo?: number): Reply {
  return (response) => {
    const bytes = gzipSync(JSON.stringify(body));
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    response.end(cutTo === undefined ? bytes : bytes.subarray(0, cutTo));
  };
}

export function raw(status: number, headers: Record<string, string>, body: string | Buffer = ""): Reply {
  return (response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

/** Announces more than it sends, then ends the connection. */
export function cutBody(text: string, announced: number): Reply {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": String(announced) });
    response.write(text, () => response.destroy());
  };
}

export const reset: Reply = (response) => response.destroy();

export interface ScriptedServer {
  readonly origin: string;
  readonly organizationUrl: string;
  readonly seen: readonly Seen[];
  /** `route` is method and path without query, e.g. `GET /contoso/_apis/projects`. */
  on(route: string, ...replies: readonly Reply[]): void;
  /** Requests to a route, oldest first. */
  requestsTo(route: string): readonly Seen[];
  stop(): Promise<void>;
}

export async function scriptedServer(): Promise<ScriptedServer> {
  const scripts = new Map<string, Reply[]>();
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const entry = { method, url, headers, body: Buffer.concat(parts) };
      seen.push(entry);
      const replies = scripts.get(routeOf(entry));
      const reply = replies === undefined || replies.length < 2 ? replies?.[0] : replies.shift();
      (reply ?? json({ message: `no script for ${routeOf(entry)}` }, { status: 404 }))(response, entry);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const on: ScriptedServer["on"] = (route, ...replies) => void scripts.set(route, [...replies]);
  on("GET /contoso/_apis/connectionData", json(connectionData));
  on("GET /contoso/_apis/resourceAreas", json({ count: 0, value: null }));
  return {
    origin,
    organizationUrl: `${origin}/contoso`,
    seen,
    on,
    requestsTo: (route) => seen.filter((entry) => routeOf(entry) === route),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function routeOf({ method, url }: Seen): string {
  return `${method} ${url.split("?")[0] ?? ""}`;
}

export const connectionData = {
  authenticatedUser: {
    id: "22157d54-1821-4536-a446-928b06348385",
    descriptor: "Microsoft.IdentityModel.Claims.ClaimsIdentity;tenant\\robin@contoso.com",
    subjectDescriptor: "aad.MjIxNTdkNTQ",
    providerDisplayName: "Robin",
    properties: { Account: { $type: "System.String", $value: "robin@contoso.com" } },
  },
  instanceId: collectionId.toUpperCase(),
  deploymentType: "hosted",
};

/** Waiting costs nothing and is written down. */
export interface VirtualClock extends Clock {
  readonly sleeps: readonly number[];
}

export function virtualClock(): VirtualClock {
  let ms = 0;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => new Date(Date.UTC(2026, 0, 5, 2) + ms),
    monotonicMs: () => ms,
    sleep: async (length, signal) => {
      signal?.throwIfAborted();
      sleeps.push(length);
      ms += length;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

export interface RecordingReporter extends Reporter {
  readonly lines: readonly string[];
  readonly secrets: readonly string[];
}

export function recordingReporter(): RecordingReporter {
  const lines: string[] = [];
  const secrets: string[] = [];
  return {
    lines,
    secrets,
    info: (line) => void lines.push(line),
    warn: (line) => void lines.push(line),
    progress: () => undefined,
    addSecret: (secret) => void secrets.push(secret),
  };
}

export const pat = "k3tqzsr7x2m5".repeat(5).slice(0, 52);

export interface Connected {
  readonly azureDevOps: AzureDevOpsConnection;
  readonly clock: VirtualClock;
  readonly reporter: RecordingReporter;
}

export async function connected(server: ScriptedServer, options: Partial<AzureDevOpsOptions> = {}): Promise<Connected> {
  const clock = virtualClock();
  const reporter = recordingReporter();
  const azureDevOps = await connectAzureDevOps({
    organizationUrl: server.organizationUrl,
    signIn: personalAccessToken(pat),
    clock,
    random: () => 0.5,
    reporter,
    ...options,
  });
  return { azureDevOps, clock, reporter };
}
