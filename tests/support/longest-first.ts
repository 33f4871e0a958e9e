/**
 * Order of the test files: those that take long begin first, so that at the end no worker waits for another. Which
 * those are was measured, in seconds of CPU with all they start; a list that is out of date costs time, nothing else.
 */
import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const longest = [
  "tests/tasks/kill.test.ts",
  "tests/integration/faults-kill.test.ts",
  "tests/tasks/journeys.test.ts",
  "tests/ui/runs.test.ts",
  "tests/integration/faults-storage.test.ts",
  "tests/integration/git-wire.test.ts",
  "tests/ui/looks.test.ts",
  "tests/ui/places.test.ts",
  "tests/integration/insight-attacks.test.ts",
  "tests/evaluation/insight.test.ts",
  "tests/integration/faults-damage.test.ts",
  "tests/integration/faults-source.test.ts",
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = longest.indexOf(relative(this.ctx.config.root, moduleId).replaceAll("\\", "/"));
      return place < 0 ? longest.length : place;
    };
    return [...others].sort((one, other) => rank(one) - rank(other));
  }
}
