/** Variables of pipelines and groups. */

export interface PipelineVariable {
  readonly value: string;
  readonly isSecret?: boolean;
  /** May be set by whoever starts a run. */
  readonly isSettable?: boolean;
}

export type PipelineVariables = Readonly<Record<string, PipelineVariable>>;
