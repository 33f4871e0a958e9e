/** The input `projects` of the tasks that work on several. */
import type { Agent } from "./agent.ts";
import { lines } from "./inputs.ts";
import { badInput } from "./bad-input.ts";

/** Input `projects`, one per line; without it the job's own project. */
export function projectNames(agent: Agent, hint: string): readonly string[] {
  const named = lines(agent, "projects");
  if (named.length > 0) return named;
  const own = agent.variable("System.TeamProject");
  if (own === undefined) throw badInput("projects", "is empty and the job belongs to no project", hint);
  return [own];
}
