/**
 * RestoreItem@1, after the job: an archive is not encrypted any more, and the agent takes it out of its temporary folder
 * only after the task has ended. What an agent of one's own would keep until its next cleaning goes now.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";

const temporary = process.env.AGENT_TEMPDIRECTORY ?? "";
if (temporary !== "")
  for (const folder of ["project-backup-archive", "project-backup-reports"])
    rmSync(join(temporary, folder), { recursive: true, force: true, maxRetries: 3 });
