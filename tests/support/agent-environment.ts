/** The environment in which an agent starts a task: inputs, variables, service connections, little else. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface EndpointFacts {
  /** GUID, as the input names it. */
  readonly id: string;
  readonly url?: string;
  /** `WorkloadIdentityFederation`, `ServicePrincipal`, `ManagedServiceIdentity`. */
  readonly scheme: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, string>>;
}

export interface JobFacts {
  readonly organizationUrl: string;
  readonly project: { readonly id: string; readonly name: string };
  /** The job's token. */
  readonly token: string;
  readonly build: {
    readonly id: number;
    readonly number: string;
    readonly definitionId?: number;
    readonly branch?: string;
  };
  readonly endpoints: readonly EndpointFacts[];
  /** Pipeline variables, e.g. `{"System.JobPositionInPhase": "2"}`. */
  readonly variables: Readonly<Record<string, string>>;
  readonly tempFolder: string;
}

/** Inputs that come from secret variables in a pipeline: an agent masks their values from the start. */
const secretInputs = ["containerSas", "accessToken", "agentKey", "ownerKey", "viewerKey", "recoveryKey"];

/** What programs need of the machine's own environment. */
const machineVariables = [
  "PATH",
  "Path",
  "HOME",
  "LANG",
  "TMPDIR",
  "TEMP",
  "TMP",
  "USERPROFILE",
  "APPDATA",
  "LOCALAPPDATA",
  "SystemRoot",
  "SystemDrive",
  "ComSpec",
  "PATHEXT",
  "ProgramFiles",
];

export function secretsOf(job: JobFacts, inputs: Readonly<Record<string, string>>): readonly string[] {
  const given = secretInputs.flatMap((name) => inputs[name] ?? []);
  const parameters = job.endpoints.flatMap(({ parameters: own = {} }) =>
    Object.entries(own).flatMap(([name, value]) => (/key|certificate|token/i.test(name) ? [value] : [])),
  );
  return [...given, ...parameters, job.token].filter((secret) => secret !== "" && !secret.startsWith("$("));
}

export function variablesOf(job: JobFacts): Readonly<Record<string, string>> {
  const { organizationUrl, project, build, tempFolder } = job;
  return {
    "System.CollectionUri": `${organizationUrl.replace(/\/$/, "")}/`,
    "System.TeamFoundationCollectionUri": `${organizationUrl.replace(/\/$/, "")}/`,
    "System.TeamProject": project.name,
    "System.TeamProjectId": project.id,
    "System.HostType": "build",
    "System.ServerType": "Hosted",
    "System.JobPositionInPhase": "1",
    "System.TotalJobsInPhase": "1",
    "System.JobAttempt": "1",
    "System.DefaultWorkingDirectory": tempFolder,
    "System.Culture": "en-US",
    ...(build.definitionId === undefined ? {} : { "System.DefinitionId": String(build.definitionId) }),
    ...(build.branch === undefined ? {} : { "Build.SourceBranch": build.branch }),
    "Build.BuildId": String(build.id),
    "Build.BuildNumber": build.number,
    "Agent.TempDirectory": tempFolder,
    "Agent.WorkFolder": tempFolder,
    "Agent.Version": "4.268.0",
    "Agent.OS": process.platform === "win32" ? "Windows_NT" : process.platform === "darwin" ? "Darwin" : "Linux",
    TF_BUILD: "True",
    ...job.variables,
  };
}

export async function environmentOf(
  job: JobFacts,
  { bundle, inputs }: { readonly bundle: string; readonly inputs: Readonly<Record<string, string>> },
): Promise<Record<string, string>> {
  const variables = variablesOf(job);
  const environment: Record<string, string> = {};
  for (const name of machineVariables) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  for (const [name, value] of Object.entries(variables)) environment[variableKey(name)] = value;
  for (const [name, value] of Object.entries(await inputsWithDefaults(bundle, inputs, variables)))
    environment[`INPUT_${variableKey(name)}`] = value;
  const own = { id: "SYSTEMVSSCONNECTION", url: job.organizationUrl, scheme: "OAuth" };
  for (const endpoint of [{ ...own, parameters: { AccessToken: job.token } }, ...job.endpoints])
    Object.assign(environment, endpointVariables(endpoint));
  return environment;
}

function variableKey(name: string): string {
  return name.replace(/[. ]/g, "_").toUpperCase();
}

function endpointVariables({ id, url, scheme, parameters = {}, data = {} }: EndpointFacts): Record<string, string> {
  const variables: Record<string, string> = {
    [`ENDPOINT_URL_${id}`]: url ?? "https://management.azure.com/",
    [`ENDPOINT_AUTH_${id}`]: JSON.stringify({ scheme, parameters }),
    [`ENDPOINT_AUTH_SCHEME_${id}`]: scheme,
  };
  for (const [name, value] of Object.entries(parameters))
    variables[`ENDPOINT_AUTH_PARAMETER_${id}_${variableKey(name)}`] = value;
  for (const [name, value] of Object.entries(data)) variables[`ENDPOINT_DATA_${id}_${variableKey(name)}`] = value;
  return variables;
}

/** The service hands over every input of the manifest, defaults filled in and macros replaced. */
async function inputsWithDefaults(
  bundle: string,
  given: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const manifest = JSON.parse(await readFile(join(bundle, "task.json"), "utf8"));
  const known: readonly { readonly name: string; readonly defaultValue?: string }[] = manifest.inputs;
  const unknown = Object.keys(given).filter((name) => !known.some((input) => input.name === name));
  if (unknown.length > 0) throw new Error(`${String(manifest.name)} has no input ${unknown.join(", ")}`);
  const values = known.map(({ name, defaultValue = "" }) => [name, given[name] ?? expanded(defaultValue, variables)]);
  return Object.fromEntries(values.filter(([, value]) => value !== "")) as Record<string, string>;
}

/** Replaces `$(name)` by the variable's value; what is unknown stays as it is. */
export function expanded(text: string, variables: Readonly<Record<string, string>>): string {
  const names = new Map(Object.entries(variables).map(([name, value]) => [name.toLowerCase(), value]));
  return text.replace(/\$\(([^)]+)\)/g, (macro, name: string) => names.get(name.toLowerCase()) ?? macro);
}
