/** VerifyBackup@1. */
import { runTask } from "../shared/run-task.ts";
import { keepMemorySmall } from "../shared/small-memory.ts";
import { verify } from "./verify.ts";

keepMemorySmall();
void runTask(verify);
