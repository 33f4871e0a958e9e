/** RestoreItem@1. */
import { runTask } from "../shared/run-task.ts";
import { restore } from "./restore.ts";

void runTask(restore);
