/** The library of the sample team: what its pipelines share. */
import type { ProjectRecord } from "../project/project-store.ts";
import type { SimulatorState } from "../state.ts";
import type { VariableGroupRecord } from "./variable-group-store.ts";

export interface SamplePipelines {
  readonly groups: {
    /** Plain values. */
    readonly settings: VariableGroupRecord;
    /** Two secrets and an address. */
    readonly payments: VariableGroupRecord;
    /** One secret alone. */
    readonly signing: VariableGroupRecord;
    readonly staging: VariableGroupRecord;
  };
}

export function addSamplePipelines(state: SimulatorState, project: ProjectRecord): SamplePipelines {
  const add = (name: string, description: string, variables: VariableGroupRecord["variables"]): VariableGroupRecord =>
    state.builds.addVariableGroup(project, { name, description, variables });
  const settings = add("Shop settings", "Read by every pipeline", {
    currency: { value: "EUR" },
    "api.address": { value: "https://api.shop.example" },
  });
  const payments = add("Payments", "Of the payment provider", {
    merchant: { value: "contoso-4711" },
    apiKey: { value: "sample-payments-key", isSecret: true },
    webhookKey: { value: "sample-webhook-key", isSecret: true },
  });
  const signing = add("Signing", "", { password: { value: "sample-signing-password", isSecret: true } });
  const staging = add("Shop settings (staging)", "Where testers shop", {
    currency: { value: "EUR" },
    "api.address": { value: "https://staging.shop.example" },
  });
  return { groups: { settings, payments, signing, staging } };
}
