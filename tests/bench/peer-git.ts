/** Git as people would use it for the same work, free of this machine's settings, signed in as our tasks are. */
import { devNull } from "node:os";
import { basic } from "../support/simulator.ts";
import { measureProgram, type Measured } from "./measured.ts";
import type { Workplace } from "./workplace.ts";

export function peerGit({ token }: Pick<Workplace, "token">, args: readonly string[]): Promise<Measured> {
  return measureProgram({
    command: "git",
    args,
    environment: {
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: devNull,
      GIT_TERMINAL_PROMPT: "0",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "http.extraHeader",
      GIT_CONFIG_VALUE_0: `Authorization: ${basic(token)}`,
    },
  });
}
