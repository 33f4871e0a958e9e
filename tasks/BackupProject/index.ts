/** BackupProject@1. */
import { runTask } from "../shared/run-task.ts";
import { backUp } from "./back-up.ts";

void runTask(backUp);
