/**
 * The agent a task runs in: inputs, variables, service connections, logging commands. The only user of
 * azure-pipelines-task-lib.
 */
import { isDebugging, jobTokenFromEnvironment, secretInput } from "./quiet-agent-library.ts";
import * as library from "azure-pipelines-task-lib/task.js";
import { inert } from "../../engine/foundation/text.ts";
import { maskedText, secretsIn, withoutSecrets } from "../../engine/foundation/secret-shapes.ts";
import { markdownText } from "../../engine/reports/escape.ts";
import { badInput } from "./bad-input.ts";

export interface ServiceConnection {
  readonly id: string;
  readonly scheme: string;
  readonly url: string | undefined;
  /** Value of an authorization parameter (`tenantid`, `serviceprincipalkey`, …); secret. */
  parameter(name: string): string | undefined;
  /** Value of a data parameter (`environment`, …). */
  data(name: string): string | undefined;
}

export interface Agent {
  readonly isDebugging: boolean;
  /** Undefined when empty. Throws INPUT for a variable that has no value: its default is rarely what was meant. */
  input(name: string): string | undefined;
  /** Registered for masking before it is handed out. */
  secret(name: string): string | undefined;
  variable(name: string): string | undefined;
  /** The running job's token. */
  jobToken(): string | undefined;
  connection(id: string): ServiceConnection | undefined;
  addSecret(value: string): void;
  /** The text with all secrets masked; everything that leaves the task in a file goes through it. */
  clean(text: string): string;
  /** One line of the log, made inert. */
  print(line: string): void;
  /** A logging command of ours; properties and message are escaped by the library. */
  command(name: string, properties: Readonly<Record<string, string>>, message: string): void;
  setOutput(name: string, value: string): void;
  complete(result: "Succeeded" | "SucceededWithIssues" | "Failed", message: string): void;
}

export function workingAgent(): Agent {
  const secrets = new Set<string>();
  const beginnings = new Set<RegExp>();
  // The agent masks what came from secret variables; announcing a secret to it would write it into the very stream
  // that has to stay clean. What the agent cannot know is masked here, in everything we print.
  const addSecret = (value: string): void => {
    for (const line of value.split(/\r?\n/)) {
      const text = line.trim();
      if (text.length < 6) continue;
      for (const form of [text, encodeURIComponent(text), decoded(text)]) secrets.add(form).add(markdownText(form));
    }
  };
  const clean = (text: string): string => {
    let masked = text;
    for (const secret of secrets) masked = masked.replaceAll(secret, maskedText);
    for (const beginning of beginnings) masked = masked.replace(beginning, maskedText);
    return withoutSecrets(masked);
  };
  /** A key in the wrong input: whoever quotes that input may have cut it off, or changed its case. */
  const watched = (value: string | undefined): string | undefined => {
    for (const found of secretsIn(value ?? "")) {
      // The name of a user in an address is none by itself, and may be that of the organisation.
      for (const secret of [found, found.slice(found.indexOf(":") + 1)].filter(
        ({ length }) => length >= surelySecret,
      )) {
        addSecret(secret);
        // Our own keys are known by their shape, cut off too; what they begin with is no secret.
        if (ownKey.test(secret)) continue;
        for (const form of [secret, markdownText(secret)]) beginnings.add(beginningOf(form));
      }
    }
    return value;
  };
  return {
    isDebugging,
    input: (name) => inputValue(name, watched(library.getInput(name))),
    secret(name) {
      const value = secretInput(name);
      if (value !== undefined && name.toLowerCase() !== "containerurl") addSecret(value);
      return value;
    },
    variable: (name) => nonEmpty(watched(library.getVariable(name))),
    jobToken() {
      const token =
        library.getEndpointAuthorizationParameter("SYSTEMVSSCONNECTION", "AccessToken", true) ??
        jobTokenFromEnvironment();
      if (token !== undefined) addSecret(token);
      return token;
    },
    connection,
    addSecret,
    clean,
    print: (line) => process.stdout.write(`${inert(clean(line), 4000)}\n`),
    command(name, properties, message) {
      const cleaned = Object.entries(properties).map(([property, value]) => [property, clean(value)] as const);
      library.command(name, Object.fromEntries(cleaned), clean(message));
    },
    setOutput: (name, value) => library.setVariable(name, value, false, true),
    complete: (result, message) =>
      process.stdout.write(`##vso[task.complete result=${result};]${inert(clean(message), 4000)}\n`),
  };
}

const ownKey = /^(?:AGE-|pb[ao]k1)/i;
const shortestBeginning = 8;
/** Shorter texts are words that may stand anywhere. */
const surelySecret = 16;

/** At least eight characters of the secret's beginning, and what follows them in one word. */
function beginningOf(secret: string): RegExp {
  const start = secret.slice(0, shortestBeginning).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`${start}[\\w+/=%.~\\\\-]*`, "gi");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What an agent leaves of a variable that is not set for the run. */
const unresolved = /^\$\([^)]*\)$/;
/** Set by the agent in every kind of run that has them; manifests name them as defaults. */
const ownVariable = /^\$\((?:System|Build|Release|Agent)\./i;

function nonEmpty(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === undefined || text === "" || unresolved.test(text) ? undefined : text;
}

/** `previewOnly: $(Preview)` must not become a restore because nobody has set Preview. */
function inputValue(name: string, value: string | undefined): string | undefined {
  const macro = value
    ?.split("\n")
    .map((line) => line.trim())
    .find((line) => unresolved.test(line) && !ownVariable.test(line));
  if (macro === undefined) return nonEmpty(value);
  throw badInput(
    name,
    `holds ${macro}, a variable that is not set for this run`,
    "Set the variable, or empty the input.",
  );
}

function connection(id: string): ServiceConnection | undefined {
  const scheme = library.getEndpointAuthorizationScheme(id, true);
  if (scheme === undefined) return undefined;
  return {
    id,
    scheme,
    url: nonEmpty(library.getEndpointUrl(id, true)),
    parameter: (name) => nonEmpty(library.getEndpointAuthorizationParameter(id, name, true)),
    data: (name) => nonEmpty(library.getEndpointDataParameter(id, name, true)),
  };
}
