/**
 * Alarms measured on histories of real repositories: the same tables as the reference rules print, cell by cell. Half a
 * minute to a minute for each size; `.ci/run` asks for more of them.
 */
import { beforeAll, expect, it } from "vitest";
import { describeWithKit, evaluated, referenceTables, tableRows } from "../support/insight-kit.ts";

const sizes = (process.env.INSIGHT_SIZES ?? "10").split(",");

describeWithKit("alarms, measured on real histories", () => {
  let printed = "";

  beforeAll(async () => {
    printed = await evaluated(sizes.join(","));
  }, 1_800_000);

  it.each(sizes)("are false as rarely as those of the reference rules, in projects of %s repositories", (size) => {
    const ours = new Map(tableRows(printed, "repositories").get(size));
    const reference = new Map(tableRows(referenceTables(), "repositories").get(size));
    for (const row of [ours, reference]) row.delete("ms a snapshot");

    expect(ours.size).toBeGreaterThan(5);
    expect(ours).toEqual(reference);
  });

  it.each(sizes)("come in time for the same attacks, in projects of %s repositories", (size) => {
    const column = (text: string): readonly (readonly [string, string | undefined])[] =>
      [...tableRows(text, "attack")].map(([attack, row]) => [attack, row.get(size)] as const);

    expect(column(printed).length).toBeGreaterThan(30);
    expect(column(printed)).toEqual(column(referenceTables()));
  });
});
