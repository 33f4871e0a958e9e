/**
 * Imported before azure-pipelines-task-lib, by agent.ts alone. The library prints every input it is asked for as a
 * debug line, secret ones too, and moves all inputs into a vault of its own when it loads. So its debug output is
 * switched off first, and secret inputs never reach it: they are taken out of the environment here.
 */
const secretInputs = ["CONTAINERSAS", "ACCESSTOKEN", "AGENTKEY", "OWNERKEY", "VIEWERKEY", "RECOVERYKEY"];

const taken = new Map<string, string>();
for (const name of secretInputs) {
  const variable = `INPUT_${name}`;
  const value = process.env[variable];
  if (value !== undefined) taken.set(name, value);
  // Left in place, the library would keep it, and child processes would inherit it.
  Reflect.deleteProperty(process.env, variable);
}
/** The container's address may carry a SAS as its query. */
const containerUrl = process.env.INPUT_CONTAINERURL;
if (containerUrl !== undefined) {
  taken.set("CONTAINERURL", containerUrl);
  delete process.env.INPUT_CONTAINERURL;
}
/** Scripts map the job's token by hand; children of ours must not see it. */
const mappedJobToken = process.env.SYSTEM_ACCESSTOKEN;
delete process.env.SYSTEM_ACCESSTOKEN;
process.env.DISTRIBUTEDTASK_TASKS_NODE_SKIPDEBUGLOGSWHENDEBUGMODEOFF = "true";
export const isDebugging = process.env.SYSTEM_DEBUG?.toLowerCase() === "true";
delete process.env.SYSTEM_DEBUG;

/** The secret input as it was given, or undefined when it is empty or an unresolved `$(variable)`. */
export function secretInput(name: string): string | undefined {
  const value = taken.get(name.toUpperCase())?.trim();
  return value === undefined || value === "" || /^\$\([^)]*\)$/.test(value) ? undefined : value;
}

export function jobTokenFromEnvironment(): string | undefined {
  return mappedJobToken === undefined || mappedJobToken.trim() === "" ? undefined : mappedJobToken.trim();
}
