/**
 * Azure DevOps removes a relation by its place in the list, and links made or taken off at the other end move the
 * places without a new revision. So steps that remove have the links to themselves; all others go on side by side.
 */
export class LinkLock {
  readonly #sharing = new Set<Promise<unknown>>();
  #exclusive: Promise<unknown> = Promise.resolve();

  /** Runs together with others that share. */
  shared<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#exclusive.then(work);
    const settled = mine.then(ignore, ignore);
    this.#sharing.add(settled);
    void settled.then(() => this.#sharing.delete(settled));
    return mine;
  }

  /** Runs alone: after all that came before, before all that come later. */
  alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = Promise.all([this.#exclusive, ...this.#sharing]).then(work);
    this.#exclusive = mine.then(ignore, ignore);
    return mine;
  }
}

function ignore(): void {
  // Whoever asked for the work hears of its failure; those who wait for its end need not.
}
