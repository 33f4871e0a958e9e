/* global process */
// @ts-check
/**
 * Loaded before a measured program (`node --require`; `--import` would load the program as an ES module, which costs
 * time and memory): at its end it writes what it used to the file that BENCH_USAGE_FILE names. Linux inherits the peak
 * in `resourceUsage` from the process that started us, so there the kernel's own figure for this program is taken.
 */
const { readFileSync, writeFileSync } = require("node:fs");

const file = process.env.BENCH_USAGE_FILE;
delete process.env.BENCH_USAGE_FILE;

function peakKilobytes() {
  try {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (peak !== undefined) return Number(peak);
  } catch {
    // not Linux
  }
  return process.resourceUsage().maxRSS;
}

process.on("exit", () => {
  if (file === undefined) return;
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  writeFileSync(file, JSON.stringify({ peakKilobytes: peakKilobytes(), cpuMicroseconds: userCPUTime + systemCPUTime }));
});
