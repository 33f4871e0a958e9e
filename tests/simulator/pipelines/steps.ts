/** A task of a job. */
export interface StepPlan {
  /** `RestoreItem`. */
  readonly task: string;
  /** `1`. */
  readonly version: string;
  readonly displayName: string;
  readonly inputs: Readonly<Record<string, string>>;
}
