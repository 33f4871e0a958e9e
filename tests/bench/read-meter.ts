/** A proxy in front of Azurite that counts the bytes read of each blob. It passes everything through as it comes. */
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";

export interface ReadMeter {
  /** A container's address that goes through the meter. */
  through(containerUrl: string): string;
  /** Body bytes read, by blob name. */
  readonly bytes: ReadonlyMap<string, number>;
  stop(): void;
}

export async function startReadMeter(endpoint: string): Promise<ReadMeter> {
  const target = new URL(endpoint);
  const bytes = new Map<string, number>();
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = "/", headers } = request;
    const onward = httpRequest({ host: target.hostname, port: target.port, method, path: url, headers });
    void pipeline(request, onward).catch(() => onward.destroy());
    const [answer] = (await once(onward, "response")) as [IncomingMessage];
    const { pathname, searchParams } = new URL(url, target);
    const name = decodeURIComponent(pathname.split("/").slice(3).join("/"));
    if (method === "GET" && name !== "" && !searchParams.has("comp"))
      answer.on("data", (chunk: Buffer) => void bytes.set(name, (bytes.get(name) ?? 0) + chunk.length));
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    await pipeline(answer, response);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    through: (containerUrl) => containerUrl.replace(target.origin, origin),
    bytes,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
