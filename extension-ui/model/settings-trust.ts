/**
 * Shared settings against what one person has confirmed. Whoever may use the extension can write the settings; what
 * they say about storage, keys and pipelines is used only once the person has seen it, and after a change once more.
 */
import type { ProjectSettings } from "./project-services.ts";
import { setupFieldNames } from "./setup-answers.ts";
import { signerForPeople } from "./signers.ts";

/** One thing that settings say, as people read it. */
export interface SettingsFact {
  readonly name: string;
  /** Each on a line of its own; empty when nothing is said. */
  readonly values: readonly string[];
  /** The values are ids of pipelines, whose names say more. */
  readonly isPipeline: boolean;
}

export interface SettingsChange {
  readonly name: string;
  readonly isPipeline: boolean;
  readonly before: readonly string[];
  readonly now: readonly string[];
}

export type SettingsTrust =
  /** Nothing is saved for this project. */
  | { readonly state: "none" }
  | { readonly state: "confirmed" }
  /** The person has not used these settings yet. */
  | { readonly state: "first"; readonly facts: readonly SettingsFact[] }
  | { readonly state: "changed"; readonly changes: readonly SettingsChange[] };

/** The person has to decide first; nothing that the settings say is used before. */
export function needsConfirmation(
  trust: SettingsTrust,
): trust is Extract<SettingsTrust, { readonly state: "first" | "changed" }> {
  return trust.state === "first" || trust.state === "changed";
}

/** `confirmed`: what the person's own documents keep; undefined when nothing. */
export function trustIn(settings: ProjectSettings | undefined, confirmed: ProjectSettings | undefined): SettingsTrust {
  if (settings === undefined) return { state: "none" };
  const facts = factsOf(settings);
  if (confirmed === undefined) return { state: "first", facts: facts.filter(({ values }) => values.length > 0) };
  const before = factsOf(confirmed);
  const changes = facts.flatMap(({ name, isPipeline, values }, index): readonly SettingsChange[] => {
    const known = before[index]?.values ?? [];
    return isSame(known, values) ? [] : [{ name, isPipeline, before: known, now: values }];
  });
  return changes.length === 0 ? { state: "confirmed" } : { state: "changed", changes };
}

/** Always the same facts in the same order, so that two settings can be laid side by side. */
function factsOf(settings: ProjectSettings): readonly SettingsFact[] {
  const { containerUrl, signers, recoveryRecipients = [], entraClientId, entraTenantId } = settings;
  const plain: readonly (readonly [string, readonly string[]])[] = [
    ["Container", textOf(containerUrl)],
    ["Signers", signers.map(signerText)],
    ["Recovery recipients", recoveryRecipients],
    ["Entra application", textOf(entraClientId)],
    ["Entra tenant", textOf(entraTenantId)],
    ["Recovery point objective in hours", textOf(settings.rpoHours)],
    ["Retention", textOf(settings.retention)],
    ...setupFieldNames.map(([field, name]) => [name, textOf(settings.setup?.[field])] as const),
  ];
  const pipelines: readonly (readonly [string, number | undefined])[] = [
    ["Backup pipeline", settings.backupPipelineId],
    ["Verify pipeline", settings.verifyPipelineId],
    ["Restore pipeline", settings.restorePipelineId],
  ];
  return [
    ...plain.map(([name, values]) => ({ name, values, isPipeline: false })),
    ...pipelines.map(([name, id]) => ({ name, values: textOf(id), isPipeline: true })),
  ];
}

function signerText(text: string): string {
  const { key, whose } = signerForPeople(text);
  return `${key} (${whose})`;
}

function textOf(value: string | number | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : [String(value)];
}

/** Order says nothing: neither of signers nor of recipients. */
function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && [...one].sort().join("\n") === [...other].sort().join("\n");
}
