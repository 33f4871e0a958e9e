import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/support/longest-first.ts";
import { quickTests } from "./tests/support/quick-tests.ts";

const quick = [...quickTests(import.meta.dirname)];
const shared = { testTimeout: 180_000, hookTimeout: 180_000, pool: "forks" } as const;

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          name: "quick",
          include: quick,
          setupFiles: ["tests/support/forbid-processes.ts"],
          // They leave nothing behind in their modules, so these are loaded once for all.
          isolate: false,
        },
      },
      {
        test: {
          ...shared,
          name: "processes",
          include: ["tests/**/*.test.ts"],
          exclude: quick,
          globalSetup: ["tests/support/traffic-setup.ts", "tests/support/samples-setup.ts"],
        },
      },
    ],
  },
});
