/** VerifyBackup@1. */
import { runTask } from "../shared/run-task.ts";
import { verify } from "./verify.ts";

void runTask(verify);
