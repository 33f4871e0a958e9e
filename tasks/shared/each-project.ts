/** Several projects in one run: what is wrong with one of them must not cost the others their backup. */
import { BackupError, describeError } from "../../engine/foundation/errors.ts";
import { counted, inert } from "../../engine/foundation/text.ts";
import type { TaskRun } from "./run-task.ts";

export interface FailedProject {
  readonly name: string;
  readonly error: BackupError;
}

/**
 * Works on one after another. A failure that names its reason (a BackupError) is printed as an error of the run and
 * handed back; with a single project it is thrown, as is everything else, and the end of a run that was cancelled.
 */
export async function eachProject<Project>(
  projects: readonly Project[],
  { agent, signal }: Pick<TaskRun, "agent" | "signal">,
  work: { readonly nameOf: (project: Project) => string; readonly on: (project: Project) => Promise<void> },
): Promise<readonly FailedProject[]> {
  const failed: FailedProject[] = [];
  for (const project of projects) {
    try {
      await work.on(project);
    } catch (error) {
      if (!(error instanceof BackupError) || signal.aborted || projects.length === 1) throw error;
      const name = work.nameOf(project);
      agent.command("task.logissue", { type: "error" }, inert(`Project ${name}: ${describeError(error)}`, 2000));
      failed.push({ name, error });
    }
  }
  return failed;
}

/** `2 of 7 projects failed: A (WRONG_VAULT), B (STORE_FORBIDDEN)`. */
export function failureMessage(failed: readonly FailedProject[], all: number): string {
  const names = failed.slice(0, 5).map(({ name, error }) => `${name} (${error.code})`);
  const more = failed.length > names.length ? ", …" : "";
  return `${failed.length} of ${counted(all, "project")} failed: ${names.join(", ")}${more}`;
}
