/**
 * Where operations tell people what happens. Implementations make foreign text inert and mask secrets;
 * callers pass plain values. Reporting never throws and never decides anything.
 */
export interface Progress {
  /** What is being worked on, e.g. `Git repositories`. */
  readonly activity: string;
  readonly done: number;
  /** Absent while it is not known. */
  readonly total?: number;
  /** Bytes stored so far in this run. */
  readonly bytes?: number;
}

export interface Reporter {
  /** One line of the story: few and readable. */
  info(line: string): void;
  /** Something a person should look at: names the item and the cure. Shown as a warning on the run page. */
  warn(line: string): void;
  /** May be called often; implementations thin it out. */
  progress(progress: Progress): void;
  /** Registers a text that must never appear in any output. */
  addSecret(secret: string): void;
}

export const silentReporter: Reporter = {
  info: () => undefined,
  warn: () => undefined,
  progress: () => undefined,
  addSecret: () => undefined,
};
