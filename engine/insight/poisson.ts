/** Chance that at least `k` of what happens `mean` times on average happen: P(Poisson(mean) ≥ k). */
export function atLeast(k: number, mean: number): number {
  let term = Math.exp(-mean);
  let below = 0;
  for (let i = 0; i < k; i += 1) {
    below += term;
    term *= mean / (i + 1);
  }
  // Near 1 the difference has no digits left: the terms above are added up instead; twenty hold all that matters.
  return below < 0.999999 ? 1 - below : sumFrom(k, term, mean);
}

function sumFrom(k: number, first: number, mean: number): number {
  let above = 0;
  let term = first;
  for (let i = k; i < k + 20; i += 1) {
    above += term;
    term *= mean / (i + 1);
  }
  return above;
}
