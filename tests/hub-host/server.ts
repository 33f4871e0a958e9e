/**
 * Serves the host page and, from another origin, the extension's files: what people see of the hub without an
 * organisation. Pages: `/{org}/{project}/_apps/hub/{contribution}` and `/{org}/{project}/_build/results?buildId=1`;
 * `?theme=dark` and `?signIn=refused` choose how it looks and answers.
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import type { Simulator } from "../simulator/server.ts";
import { hostHtml } from "./html.ts";
import { extensionFacts, type ExtensionFacts } from "./manifest.ts";
import type { HostFacts, SignInMode } from "./page/facts.ts";
import { serveFolder } from "./static-files.ts";
import { storageTokens } from "./storage-tokens.ts";

export interface HubHostOptions {
  readonly simulator: Simulator;
  /** The extension's pages, e.g. dist/hub. */
  readonly hubFolder: string;
  /** Of the host page; default: a free one. */
  readonly port?: number;
  /** Default: vss-extension.json of the current folder. */
  readonly manifest?: string;
  /** Whose hub the address shows; default: the first project. */
  readonly project?: string;
  /** How the host answers a nested sign-in; default `accepted`. */
  readonly signIn?: SignInMode;
  /** Scopes of the extension's tokens; default: the manifest's. */
  readonly scopes?: readonly string[];
}

export interface HubHost {
  /** Address of the host page. */
  readonly hubUrl: string;
  /** Origin of the extension's pages, which storage has to let in. */
  readonly hubOrigin: string;
  stop(): Promise<void>;
}

interface HostState {
  readonly options: HubHostOptions;
  readonly extension: ExtensionFacts;
  readonly script: string;
  readonly framePrefix: string;
  readonly hubOrigin: string;
}

const pageFolder = join("tests", "hub-host", "page");

export async function startHubHost(options: HubHostOptions): Promise<HubHost> {
  const extension = extensionFacts(options.manifest ?? "vss-extension.json");
  const { publisher, id, version } = extension;
  const framePrefix = `/_apis/public/gallery/publisher/${publisher}/extension/${id}/${version}/assetbyname/hub/`;
  const script = await hostScript();
  const files = createServer((request, response) => {
    void serveFolder({ folder: options.hubFolder, prefix: framePrefix }, request, response);
  });
  const hubOrigin = await listening(files, 0);
  const state: HostState = { options, extension, script, framePrefix, hubOrigin };
  const host = createServer((request, response) => {
    serve(state, request, response).catch((error: unknown) => {
      response.writeHead(500, { "content-type": "text/plain" }).end(String(error));
    });
  });
  try {
    const origin = await listening(host, options.port ?? 0);
    return { hubUrl: `${origin}${hubPath(state)}`, hubOrigin, stop: async () => ended([host, files]) };
  } catch (error) {
    await ended([files]);
    throw error;
  }
}

async function ended(servers: readonly Server[]): Promise<void> {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
}

async function listening(server: Server, port: number): Promise<string> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function hostScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(pageFolder, "host.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    logLevel: "error",
  });
  return outputFiles.map(({ text }) => text).join("\n");
}

function hubPath({ options: { simulator, project }, extension: { publisher, id, hub } }: HostState): string {
  const { organization, projects } = {
    organization: simulator.state.organization,
    projects: simulator.state.projects(),
  };
  const name = project ?? projects[0]?.name ?? "";
  return `/${organization.name}/${encodeURIComponent(name)}/_apps/hub/${publisher}.${id}.${hub.contribution}`;
}

interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly content: string;
}

async function serve(state: HostState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const { status = 200, type, content } = await answerTo(state, request.method ?? "GET", url);
  response.writeHead(status, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" }).end(content);
}

async function answerTo(state: HostState, method: string, url: URL): Promise<Answer> {
  if (url.pathname === "/_host/host.js") return { type: "text/javascript", content: state.script };
  if (url.pathname === "/_host/host.css")
    return { type: "text/css", content: await readFile(join(pageFolder, "host.css"), "utf8") };
  if (method === "POST") return { type: "application/json", content: JSON.stringify(tokens(state, url)) };
  const page = pageAt(state, url) ?? projectPageAt(state, url);
  if (page !== undefined) return { type: "text/html", content: page };
  return { status: 404, type: "text/plain", content: "There is no such page." };
}

/** Fresh for every call, as the service's are. */
function tokens({ options, extension }: HostState, url: URL): object {
  const { signIn, owner } = options.simulator.state;
  if (url.pathname === "/_host/access-token")
    return { token: signIn.issue({ kind: "bearer", scopes: options.scopes ?? extension.scopes }) };
  const mode = modeOf(url.searchParams.get("mode"), options.signIn);
  const clientId = url.searchParams.get("clientId") ?? "";
  return storageTokens(mode, { user: { id: owner.id, name: owner.uniqueName }, clientId });
}

function pageAt(state: HostState, url: URL): string | undefined {
  const { simulator } = state.options;
  const { organization } = simulator.state;
  const [name = "", project = "", ...rest] = url.pathname.split("/").slice(1).map(decodeURIComponent);
  const found = simulator.state.projectOf(project);
  if (name.toLowerCase() !== organization.name.toLowerCase() || found === undefined) return undefined;
  const place = rest.slice(0, 2).join("/");
  const isRun = place === "_build/results";
  if (!isRun && !isOwnHub(state, rest)) return undefined;
  const { title, file, contribution } = isRun ? state.extension.resultsTab : state.extension.hub;
  const { publisher, id, version } = state.extension;
  const { owner } = simulator.state;
  const facts: HostFacts = {
    frameUrl: `${state.hubOrigin}${state.framePrefix}${file}`,
    organizationUrl: simulator.organizationUrl,
    organization: { id: organization.id, name: organization.name },
    project: { id: found.id, name: found.name },
    user: { id: owner.id, descriptor: owner.descriptor, name: owner.uniqueName, displayName: owner.displayName },
    extension: { publisher, id, version, contribution },
    signIn: modeOf(url.searchParams.get("signIn"), state.options.signIn),
    theme: url.searchParams.get("theme") === "dark" ? "dark" : "light",
    ...(isRun ? { buildId: Number(url.searchParams.get("buildId")) } : {}),
  };
  return hostHtml(facts, title);
}

function isOwnHub(
  { extension: { publisher, id, hub } }: HostState,
  [apps, hubs, contribution]: readonly string[],
): boolean {
  return apps === "_apps" && hubs === "hub" && contribution === `${publisher}.${id}.${hub.contribution}`;
}

/** Pages of Azure DevOps that extensions link to, by their place below the project; those of other places are not there. */
const projectPages: Readonly<Record<string, string>> = {
  "_settings/adminservices": "Service connections",
  "_settings/settings": "Pipeline settings",
  _library: "Library",
  _git: "Repos",
  _build: "Pipelines",
  "_apps/hub/ms.vss-build-web.ci-designer-hub": "New pipeline",
};

function projectPageAt({ options: { simulator } }: HostState, { pathname }: URL): string | undefined {
  const [name = "", project = "", ...rest] = pathname.split("/").slice(1).map(decodeURIComponent);
  const { organization } = simulator.state;
  if (name !== organization.name || simulator.state.projectOf(project) === undefined) return undefined;
  const title = projectPages[rest.join("/")];
  return title === undefined
    ? undefined
    : `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
}

const modes: readonly SignInMode[] = ["accepted", "refused", "interaction", "denied", "absent"];

function modeOf(text: string | null, otherwise: SignInMode = "accepted"): SignInMode {
  return modes.find((mode) => mode === text) ?? otherwise;
}
