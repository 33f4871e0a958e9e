import type { IncomingMessage } from "node:http";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { WebApi } from "azure-devops-node-api";
import type {
  IHttpClientResponse,
  IRequestHandler,
  IRequestOptions,
} from "azure-devops-node-api/interfaces/common/VsoBaseInterfaces.js";
import { BackupError } from "../../foundation/errors.ts";
import { truncated } from "../reading/truncated.ts";

/** Proxy of the agent (`Agent.ProxyUrl` and its siblings). Loopback addresses never go through it. */
export interface AgentProxy {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** Regular expressions for addresses that are reached directly. */
  readonly bypass?: readonly string[];
}

/** Certificates of the agent (`Agent.CAInfo`, `Agent.ClientCert`, …), as paths. */
export interface CertificateFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly passphrase?: string;
}

export interface Exchange {
  /** For messages, e.g. `GET shop/git/repositories`. */
  readonly name: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

export interface RawAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** Decompressed. Throws ADO_TRUNCATED when it breaks off or is shorter than announced. Must be read or cancelled. */
  readonly body: AsyncIterable<Uint8Array>;
  cancel(): void;
}

/** One HTTP exchange; nothing is retried and no redirect followed here. */
export interface Transport {
  /** Throws ADO_UNAVAILABLE when no answer came; `context.notSent` is true when the request cannot have arrived. */
  send(exchange: Exchange): Promise<RawAnswer>;
  /** Ends idle connections. */
  close(): void;
}

export interface TransportOptions {
  readonly userAgent: string;
  /** A connection on which nothing moves for this long is given up. */
  readonly idleTimeoutMs: number;
  readonly agentProxy?: AgentProxy | undefined;
  readonly certificate?: CertificateFiles | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Raw HTTP over azure-devops-node-api's connection: its proxy, certificate and keep-alive support, none of its typed
 * reading methods. One connection object per origin, because each keeps one agent and one origin.
 */
export function nodeApiTransport(options: TransportOptions): Transport {
  const clients = new Map<string, WebApi>();

  function clientFor(url: URL): WebApi {
    const known = clients.get(url.origin);
    if (known !== undefined) return known;
    const settings = { productName: "", productVersion: "", userAgent: options.userAgent };
    const client = new WebApi(url.origin, handlerFor(options.signal), requestOptions(options, url), settings);
    clients.set(url.origin, client);
    return client;
  }

  return {
    async send(exchange) {
      options.signal?.throwIfAborted();
      try {
        return answerOf(await sent(clientFor(exchange.url), exchange), exchange, options.signal);
      } catch (error) {
        options.signal?.throwIfAborted();
        throw noAnswer(error, exchange, options.idleTimeoutMs);
      }
    },
    close() {
      for (const client of clients.values()) client.rest.client.dispose();
      clients.clear();
    },
  };
}

/**
 * Adds what every request of ours carries. The package's own credential handlers hold one token for ever and decide by
 * host name; we refresh tokens and decide by origin, so the Authorization header comes with the exchange.
 */
function handlerFor(signal: AbortSignal | undefined): IRequestHandler {
  return {
    prepareRequest(options: { headers?: Record<string, string>; signal?: AbortSignal }) {
      options.headers = { ...options.headers, "x-tfs-fedauthredirect": "Suppress" };
      if (signal !== undefined) options.signal = signal;
    },
    canHandleAuthentication: () => false,
    handleAuthentication: () => Promise.reject(new Error("no challenge is answered")),
  };
}

function requestOptions({ idleTimeoutMs, agentProxy, certificate }: TransportOptions, url: URL): IRequestOptions {
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  return {
    socketTimeout: idleTimeoutMs,
    allowRedirects: false,
    allowRetries: false,
    keepAlive: true,
    ...(isLocal && { proxy: { proxyUrl: "" } }),
    ...(agentProxy !== undefined && !isLocal && { proxy: proxyOf(agentProxy) }),
    ...(certificate !== undefined && { cert: certificate }),
  };
}

function proxyOf({ url, username, password, bypass }: AgentProxy): NonNullable<IRequestOptions["proxy"]> {
  return {
    proxyUrl: url,
    ...(username !== undefined && { proxyUsername: username }),
    ...(password !== undefined && { proxyPassword: password }),
    proxyBypassHosts: [...(bypass ?? [])],
  };
}

function sent(client: WebApi, { method, url, headers, body }: Exchange): Promise<IHttpClientResponse> {
  const http = client.rest.client;
  if (!(body instanceof Uint8Array) || body.length === 0) {
    return http.request(method, url.href, typeof body === "string" ? body : "", headers);
  }
  return http.request(method, url.href, Readable.from([body]), { ...headers, "content-length": String(body.length) });
}

function answerOf({ message }: IHttpClientResponse, { name }: Exchange, signal: AbortSignal | undefined): RawAnswer {
  return {
    status: message.statusCode ?? 0,
    header: (header) => {
      const value = message.headers[header];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    body: decoded(message, name, signal),
    cancel: () => message.destroy(),
  };
}

async function* decoded(
  message: IncomingMessage,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const encoding = message.headers["content-encoding"] ?? "identity";
  const whole = counted(message);
  try {
    yield* encoding.includes("gzip") ? gunzipped(whole) : whole;
  } catch (cause) {
    signal?.throwIfAborted();
    throw truncated(name, cause instanceof Error ? cause.message : String(cause));
  } finally {
    message.destroy();
  }
}

/** Passes the body on and throws when it ends before the announced length. */
async function* counted(message: IncomingMessage): AsyncGenerator<Uint8Array> {
  const announced = message.headers["content-length"];
  let received = 0;
  for await (const chunk of message as AsyncIterable<Uint8Array>) {
    received += chunk.length;
    yield chunk;
  }
  if (announced !== undefined && received !== Number(announced)) {
    throw new Error(`${received} of ${announced} bytes arrived`);
  }
}

async function* gunzipped(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  // Errors of either side end the reading below; the callback only keeps them from being thrown a second time.
  pipeline(Readable.from(compressed), gunzip, () => undefined);
  yield* gunzip as AsyncIterable<Uint8Array>;
}

const notSentCodes = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];

function noAnswer(error: unknown, { name, url }: Exchange, idleTimeoutMs: number): BackupError {
  const code = codeOf(error);
  const found = code ?? (isTimeout(error) ? `nothing came for ${idleTimeoutMs / 1000} s` : "connection failed");
  const isCertificate = code !== undefined && /CERT|SIGNATURE|SSL|TLS/.test(code);
  return new BackupError({
    code: "ADO_UNAVAILABLE",
    message: `${name}: no answer from ${url.host} (${found})`,
    hint: isCertificate
      ? "The server's certificate is not trusted: set the agent's CA file, or NODE_EXTRA_CA_CERTS."
      : "Check the organisation's address, the network and the proxy settings of the agent, then run again.",
    cause: error,
    context: { notSent: code !== undefined && notSentCodes.includes(code), isPermanent: isCertificate },
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Request timeout");
}
