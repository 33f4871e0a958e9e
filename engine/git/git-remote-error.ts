import { BackupError } from "../foundation/errors.ts";

interface Verdict {
  readonly pattern: RegExp;
  readonly code: string;
  readonly found: string;
  readonly hint: string;
  /** Of the answer, where git's words tell it. */
  readonly status?: number;
}

const verdicts: readonly Verdict[] = [
  {
    pattern: /authentication failed|could not read username|terminal prompts disabled|error: 401|HTTP 401/i,
    code: "GIT_UNAUTHORIZED",
    found: "refused the token",
    hint: "Check the token: it may have ended, or lack the scope Code (for restore: Code (write)).",
    status: 401,
  },
  {
    pattern: /\b403\b|TF401027/i,
    code: "GIT_UNAUTHORIZED",
    found: "refused the token or the right",
    hint: "Check the token, and the identity's permissions on the repository (Read; for restore also Contribute).",
  },
  {
    pattern: /not found|TF401019|does not exist/i,
    code: "GIT_NOT_FOUND",
    found: "was not found",
    hint: "It may have been deleted or renamed, or be hidden from this identity.",
  },
  {
    pattern: /could not resolve|failed to connect|connection|timed out|SSL|certificate|HTTP 5\d\d|error: 5\d\d/i,
    code: "GIT_UNAVAILABLE",
    found: "could not be reached",
    hint: "Check the network, proxy and certificate settings of the agent, then run the task again.",
  },
];

/** What git said about a remote, as an error a person can act on. */
export function gitRemoteError(error: unknown, url: string): BackupError {
  const text = (error instanceof Error ? error.message : String(error)).trim();
  const verdict = verdicts.find(({ pattern }) => pattern.test(text));
  return new BackupError({
    code: verdict?.code ?? "GIT_REMOTE",
    message: `${url} ${verdict?.found ?? "could not be used by git"}: ${lastLines(text)}`,
    hint: verdict?.hint ?? "The message is git's own; try again, then look at the repository there.",
    ...(verdict?.status === undefined ? {} : { context: { status: verdict.status } }),
  });
}

/** The first lines are progress; what went wrong stands at the end. */
function lastLines(text: string): string {
  return text.split("\n").slice(-3).join(" ").slice(-400);
}
