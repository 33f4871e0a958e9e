/** Iteration paths with their dates. */
import { classificationKind } from "./tree-kind.ts";

export const iterations = classificationKind("iterations", "Iterations");
