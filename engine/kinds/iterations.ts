/** Iteration paths with their dates. */
import { classificationKind } from "./classification.ts";

export const iterations = classificationKind("iterations", "Iterations");
