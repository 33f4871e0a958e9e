/**
 * What Set up was told beside the settings that the hub itself needs: with it, whoever opens Set up later sees the
 * same files and commands again. Nothing of it is secret; all of it is written by people who may be anybody.
 */

/** Field, and how people know it. The order is that of the page. */
export const setupFieldNames = [
  ["subscription", "Azure subscription"],
  ["resourceGroup", "Resource group"],
  ["location", "Region"],
  ["account", "Storage account"],
  ["container", "Container name"],
  ["keepDays", "Days without deletion"],
  ["protection", "Protection of the container"],
  ["readers", "People who browse backups"],
  ["storageBy", "How the pipelines reach storage"],
  ["serviceConnection", "Service connection"],
  ["backupSignIn", "Backups sign in with"],
  ["restoreSignIn", "Restores sign in with"],
  ["agents", "Agents"],
  ["pool", "Agent pool"],
  ["backupGroup", "Variable group for backups"],
  ["restoreGroup", "Variable group for restores"],
  ["branch", "Branch"],
  ["schedule", "Schedule of backups"],
] as const;

export type SetupField = (typeof setupFieldNames)[number][0];

export type SetupAnswers = Partial<Readonly<Record<SetupField, string>>>;

const longest = 500;

/** Known fields with plain text in them; everything else is passed over. */
export function parseSetupAnswers(stored: unknown): SetupAnswers | undefined {
  if (typeof stored !== "object" || stored === null) return undefined;
  const given = stored as Readonly<Record<string, unknown>>;
  const known = setupFieldNames.flatMap(([field]) => {
    const value = Object.hasOwn(given, field) ? given[field] : undefined;
    return typeof value === "string" && isPlain(field, value) ? [[field, value] as const] : [];
  });
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

/** One line, several for people only; no half of a pair that would print as something else. */
function isPlain(field: SetupField, value: string): boolean {
  const text = field === "readers" ? value.replace(/[\n,]/g, " ") : value;
  return value !== "" && value.length <= longest && !/[\p{Cc}\u2028\u2029]/u.test(text);
}
