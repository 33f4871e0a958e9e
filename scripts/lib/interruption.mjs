// @ts-check

const PARENT_CHECK_MS = 250;

/**
 * Resolves when the process is asked to end: by a signal, or because npm, which started it, was. (npm hands a SIGTERM
 * to the shell between the two; that shell ends without passing it on.)
 * @returns {Promise<void>}
 */
export function interruption() {
  return new Promise((resolve) => {
    const signals = process.platform === "win32" ? ["SIGINT", "SIGTERM", "SIGBREAK"] : ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, () => resolve());
    if (process.env.npm_lifecycle_event === undefined) return;
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === parent && isAlive(parent)) return;
      clearInterval(timer);
      resolve();
    }, PARENT_CHECK_MS);
    timer.unref();
  });
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
