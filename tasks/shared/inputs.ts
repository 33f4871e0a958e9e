/** Reading inputs with one clear line when one is wrong. */
import type { Agent } from "./agent.ts";
import { badInput } from "./bad-input.ts";

export function requiredInput(agent: Agent, name: string, hint: string): string {
  const value = agent.input(name);
  if (value === undefined) throw badInput(name, "is empty", hint);
  return value;
}

/** A secret must come from a secret variable: an unresolved `$(name)` counts as empty and is explained. */
export function requiredSecret(agent: Agent, name: string, hint: string): string {
  const value = agent.secret(name);
  if (value === undefined) throw badInput(name, "is empty, or names a variable that is not set for this run", hint);
  return value;
}

export function lines(agent: Agent, name: string): readonly string[] {
  return (agent.input(name) ?? "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

export function oneOf<Choice extends string>(
  agent: Agent,
  name: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const value = agent.input(name);
  if (value === undefined) return choices[0];
  const choice = choices.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
  if (choice === undefined) throw badInput(name, `is "${value}"`, `Use one of: ${choices.join(", ")}.`);
  return choice;
}

export function flag(agent: Agent, name: string, fallback: boolean): boolean {
  const value = agent.input(name)?.toLowerCase();
  if (value === undefined) return fallback;
  if (value === "true" || value === "false") return value === "true";
  throw badInput(name, `is "${value}"`, "Use true or false.");
}

/** Inputs of later versions: whoever sets them must not believe that they work. `none` asks for nothing. */
export function refuseNotYet(
  agent: Agent,
  names: readonly string[],
  what: { readonly not: string; readonly hint: string },
): void {
  for (const name of names) {
    const value = agent.input(name);
    if (value !== undefined && value.toLowerCase() !== "none")
      throw badInput(name, `is "${value}", but ${what.not}`, what.hint);
  }
}

export function wholeNumber(
  agent: Agent,
  name: string,
  { fallback, least, most }: { readonly fallback: number; readonly least: number; readonly most: number },
): number {
  const value = agent.input(name);
  if (value === undefined) return fallback;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  throw badInput(name, `is "${value}"`, `Use a whole number from ${least} to ${most}.`);
}
