/** RestoreItem@1. */
import { runTask } from "../shared/run-task.ts";
import { keepMemorySmall } from "../shared/small-memory.ts";
import { restore } from "./restore.ts";

keepMemorySmall();
void runTask(restore);
