import { systemClock, type Clock } from "../../engine/foundation/clock.ts";

/** Waits a fiftieth of what is asked for. */
export const hastyClock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 50, signal) };
