/** Work items of which the service shows that there is more than it delivers: each is read again by every run. */
import type { Finding } from "../../../kind.ts";

export class Incomplete {
  readonly ids: number[] = [];
  readonly findings: Finding[] = [];
  readonly #before: ReadonlySet<number>;

  /** `before`: those of the last run. */
  constructor(before: Iterable<number>) {
    this.#before = new Set(before);
  }

  /** `lacks` in words, e.g. `its comments`. */
  note(id: number, lacks: readonly string[]): void {
    this.ids.push(id);
    this.findings.push({
      stream: "work-items",
      item: String(id),
      code: "WORK_ITEM_INCOMPLETE",
      message: `Work item ${id}: Azure DevOps did not deliver ${lacks.join(" and ")}; what was stored of it is kept, and every backup asks again`,
      severity: this.#before.has(id) ? "note" : "warning",
    });
  }
}
