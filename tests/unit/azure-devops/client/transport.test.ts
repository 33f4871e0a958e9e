/** What the agent's settings change: proxy and certificates; and that connections are kept. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect as connectTo, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connected, connectionData, json, scriptedServer, type ScriptedServer } from "./scripted-server.ts";

let server: ScriptedServer;

beforeEach(async () => {
  server = await scriptedServer();
});

afterEach(() => server.stop());

interface Proxy {
  readonly url: string;
  readonly asked: readonly { readonly target: string; readonly authorization: string | undefined }[];
  stop(): void;
}

/** A real tunnelling proxy that leads every name to the scripted server. */
async function tunnelTo(origin: string): Promise<Proxy> {
  const { hostname, port } = new URL(origin);
  const asked: { target: string; authorization: string | undefined }[] = [];
  const sockets: Socket[] = [];
  const proxy: Server = createServer();
  proxy.on("connect", (request, socket: Socket) => {
    asked.push({ target: request.url ?? "", authorization: request.headers["proxy-authorization"] });
    const onward = connectTo(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.pipe(socket);
      socket.pipe(onward);
    });
    sockets.push(socket, onward);
    for (const end of [socket, onward]) end.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    asked,
    stop: () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe("the agent's proxy", () => {
  it("is used, signed in to, and told no credentials of Azure DevOps", async () => {
    const proxy = await tunnelTo(server.origin);
    const agentProxy = { url: proxy.url, username: "agent", password: "p@ss" };

    const { azureDevOps } = await connected(server, {
      organizationUrl: "http://devops.contoso.test/contoso",
      agentProxy,
    });

    expect(azureDevOps.organization.url).toBe("http://devops.contoso.test/contoso");
    expect(proxy.asked[0]).toEqual({
      target: "devops.contoso.test:80",
      authorization: `Basic ${Buffer.from("agent:p@ss").toString("base64")}`,
    });
    azureDevOps.close();
    proxy.stop();
  });

  it("is not used for the addresses it is not for", async () => {
    const proxy = await tunnelTo(server.origin);
    const local = await connected(server, { agentProxy: { url: proxy.url } });
    const bypassed = connected(server, {
      organizationUrl: "http://devops.contoso.invalid/contoso",
      agentProxy: { url: proxy.url, bypass: ["contoso\\.invalid"] },
      patienceMs: 1,
    });

    await expect(bypassed).rejects.toThrow("no answer from devops.contoso.invalid");
    expect(proxy.asked).toEqual([]);
    local.azureDevOps.close();
    proxy.stop();
  });
});

describe("connections", () => {
  it("are kept for the next request", async () => {
    const ports = new Set<number | undefined>();
    server.on("GET /contoso/_apis/projects", (response, seen) => {
      ports.add(response.socket?.remotePort);
      json({ count: 0, value: [] })(response, seen);
    });
    const { azureDevOps } = await connected(server);

    for (let times = 0; times < 5; times += 1) await azureDevOps.call({ area: "core", path: ["projects"] });

    expect(ports.size).toBe(1);
    azureDevOps.close();
  });
});

function openssl(): boolean {
  try {
    execFileSync("openssl", ["version"]);
    return true;
  } catch {
    if (process.env.CI !== undefined && process.env.CI !== "") throw new Error("openssl is needed under CI");
    console.log("The certificate test did not run: openssl is not installed.");
    return false;
  }
}

describe.runIf(openssl())("certificates", () => {
  it("of an own authority are trusted when the agent names its file, and only then", async () => {
    const folder = await mkdtemp(join(tmpdir(), "certificate-"));
    const [keyFile, caFile] = [join(folder, "key.pem"), join(folder, "ca.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const form = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    execFileSync("openssl", [...form, ...subject, "-keyout", keyFile, "-out", caFile], { stdio: "ignore" });
    const secure = createTlsServer({ key: await readFile(keyFile), cert: await readFile(caFile) }, (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(connectionData));
    });
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    const organizationUrl = `https://localhost:${(secure.address() as AddressInfo).port}/contoso`;

    const stranger = connected(server, { organizationUrl });
    await expect(stranger).rejects.toThrow(
      expect.objectContaining({ code: "ADO_UNAVAILABLE", hint: expect.stringContaining("CA file") as string }) as Error,
    );
    const { azureDevOps } = await connected(server, { organizationUrl, certificate: { caFile } });
    expect(azureDevOps.organization.url).toBe(organizationUrl);

    azureDevOps.close();
    secure.close();
    secure.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  });
});
