/** Set up before every quick test: whatever it reaches, a process that it starts fails it (see `quick-tests.ts`). */
import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

function refuse(): never {
  throw new Error("A quick test starts a process: let it import what starts it (tests/support/quick-tests.ts)");
}

Object.assign(childProcess, { spawnSync: refuse, execSync: refuse, execFileSync: refuse });
// In the end spawn, exec, execFile and fork all call this.
Object.assign(childProcess.ChildProcess.prototype, { spawn: refuse });
syncBuiltinESMExports();
