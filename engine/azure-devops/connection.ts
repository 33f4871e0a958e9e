import type { Clock } from "../foundation/clock.ts";
import type { Reporter } from "../foundation/reporter.ts";
import { inert } from "../foundation/text.ts";
import type { AzureDevOps } from "./azure-devops.ts";
import { organizationUrlOf } from "./organization-url.ts";
import { readConnection, type ConnectionData } from "./organization.ts";
import { Requests } from "./client/requests.ts";
import type { ServiceUrls } from "./client/service-hosts.ts";
import { Session } from "./client/session.ts";
import type { SignIn } from "./sign-in.ts";
import { createGovernor } from "./client/throttle.ts";
import type { Governor } from "./client/throttle.ts";
import { nodeApiTransport } from "./client/transport.ts";
import type { AgentProxy, CertificateFiles, Transport } from "./client/transport.ts";

export interface AzureDevOpsOptions {
  /** Any form organizationUrlOf takes. */
  readonly organizationUrl: string;
  readonly signIn: SignIn;
  readonly clock: Clock;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  readonly agentProxy?: AgentProxy | undefined;
  readonly certificate?: CertificateFiles | undefined;
  /** Base URLs that override what resource areas say. */
  readonly serviceUrls?: ServiceUrls | undefined;
  /** Requests at a time per host; default 8. */
  readonly parallelism?: number | undefined;
  /** A connection on which nothing moves for this long is given up; default 2 minutes. */
  readonly idleTimeoutMs?: number | undefined;
  /** The longest a JSON answer may take to arrive; default 10 minutes. */
  readonly answerTimeoutMs?: number | undefined;
  /** How long one request is repeated through an outage; default 15 minutes, four times that when throttled. */
  readonly patienceMs?: number | undefined;
  readonly userAgent?: string | undefined;
}

/** An AzureDevOps whose idle connections can be closed. */
/** The organisation's pace, for requests that go another way (Git): they count against the same budget. */
export interface Pace {
  wait(): Promise<void>;
  heard(answer: { readonly status: number; readonly headers: Readonly<Record<string, string | undefined>> }): void;
}

export interface AzureDevOpsConnection extends AzureDevOps {
  readonly pace: Pace;
  close(): void;
}

const minuteMs = 60_000;
/** Enough to get over a lost packet, short enough for a mistyped address. */
const firstContactPatienceMs = 20_000;

/**
 * Connects and proves that the sign-in works (`connectionData`). No request has been made yet for anything else.
 * Throws INPUT for a wrong address, ADO_UNAUTHORIZED, ADO_UNAVAILABLE.
 */
export async function connectAzureDevOps(options: AzureDevOpsOptions): Promise<AzureDevOpsConnection> {
  const url = organizationUrlOf(options.organizationUrl);
  const transport = transportOf(options);
  const load = { retries: 0, throttledMs: 0 };
  const governorOf = governors(options, (ms) => (load.throttledMs += ms));
  const session = new Session({ transport, signIn: options.signIn, reporter: options.reporter, governorOf });
  const { clock, random, reporter, signal, patienceMs = 15 * minuteMs } = options;
  const requests = new Requests(
    {
      organizationUrl: url,
      serviceUrls: options.serviceUrls ?? {},
      session,
      governorOf,
      answerTimeoutMs: options.answerTimeoutMs ?? 10 * minuteMs,
      persistence: {
        ...{ clock, random, reporter },
        ...(signal !== undefined && { signal }),
        onRetry: () => (load.retries += 1),
      },
    },
    Math.min(firstContactPatienceMs, patienceMs),
  );
  try {
    const { collectionId, user } = await readConnection(requests);
    requests.patienceMs = patienceMs;
    requests.proveSignIn = () => readConnection(requests);
    const pace = paceOf(governorOf(new URL(url).origin));
    return opened(
      { url, id: collectionId },
      {
        ...{ requests, session, transport, pace, load, isBuildService: isBuildService(user) },
        wait: (ms) => clock.sleep(ms, signal),
      },
    );
  } catch (error) {
    transport.close();
    throw error;
  }
}

interface OpenParts {
  readonly requests: Requests;
  readonly session: Session;
  readonly transport: Transport;
  readonly pace: Pace;
  readonly load: { readonly retries: number; readonly throttledMs: number };
  readonly isBuildService: boolean;
  readonly wait: (ms: number) => Promise<void>;
}

/**
 * `Contoso Build Service (org)`: service identities have descriptors of their own
 * (learn.microsoft.com/azure/devops/integrate/get-started/authentication/authentication-guidance).
 */
function isBuildService({ descriptor, subjectDescriptor }: ConnectionData["user"]): boolean {
  const isService = descriptor?.startsWith("Microsoft.TeamFoundation.ServiceIdentity;") === true;
  return (isService && descriptor.includes(":Build:")) || subjectDescriptor?.startsWith("svc.") === true;
}

function paceOf(governor: Governor): Pace {
  return {
    wait: () => governor.turn(async () => undefined),
    heard: ({ status, headers }) => governor.observe(status, (name) => headers[name]),
  };
}

function opened(
  organization: AzureDevOps["organization"],
  { requests, session, transport, pace, load, wait, isBuildService: asBuildService }: OpenParts,
): AzureDevOpsConnection {
  return {
    organization,
    isBuildService: asBuildService,
    call: (request) => requests.call(request),
    download: (request) => requests.download(request),
    upload: (request) => requests.upload(request),
    baseUrlOf: (area) => requests.baseUrlOf(area),
    authorization: () => session.authorization(),
    signInHolds: () => requests.signInHolds(),
    wait,
    pace,
    get requests() {
      return session.requests;
    },
    get retries() {
      return load.retries;
    },
    get throttledMs() {
      return load.throttledMs;
    },
    get drift() {
      return requests.versions.drift;
    },
    close: () => transport.close(),
  };
}

function transportOf({ agentProxy, certificate, signal, idleTimeoutMs, userAgent }: AzureDevOpsOptions): Transport {
  return nodeApiTransport({
    userAgent: userAgent ?? "project-backup-for-azure-devops",
    idleTimeoutMs: idleTimeoutMs ?? 2 * minuteMs,
    agentProxy,
    certificate,
    signal,
  });
}

/** One governor per host; the identity is the same for all of them. People are told once that we are slowed down. */
function governors(
  { clock, reporter, signal, parallelism = 8 }: AzureDevOpsOptions,
  onPause: (ms: number) => void,
): (origin: string) => Governor {
  const known = new Map<string, Governor>();
  let isTold = false;

  function onSlowdown(seconds: number, resource: string | undefined): void {
    if (isTold) return;
    isTold = true;
    const what = resource === undefined ? "" : ` (${inert(resource, 100)})`;
    reporter.info(
      `Slowed down by Azure DevOps${what}: waiting ${Math.ceil(seconds)} s as it asks, now and when it asks again.`,
    );
  }

  return (origin) => {
    const present = known.get(origin);
    if (present !== undefined) return present;
    const governor = createGovernor({ clock, parallelism, signal, onSlowdown, onPause });
    known.set(origin, governor);
    return governor;
  };
}
