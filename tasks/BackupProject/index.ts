/** BackupProject@1. */
import { runTask } from "../shared/run-task.ts";
import { keepMemorySmall } from "../shared/small-memory.ts";
import { backUp } from "./back-up.ts";

keepMemorySmall();
void runTask(backUp);
