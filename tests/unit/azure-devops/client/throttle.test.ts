import { describe, expect, it } from "vitest";
import { createGovernor, retryAfterOf } from "../../../../engine/azure-devops/client/throttle.ts";
import { virtualClock } from "./scripted-server.ts";

function headers(values: Readonly<Record<string, string>> = {}): (name: string) => string | undefined {
  return (name) => values[name];
}

function governed(parallelism = 8) {
  const clock = virtualClock();
  const told: number[] = [];
  const governor = createGovernor({ clock, parallelism, onSlowdown: (seconds) => void told.push(seconds) });
  return { clock, governor, told };
}

describe("the throttle governor", () => {
  it("never lets more requests run than there are lanes", async () => {
    const { governor } = governed(3);
    let running = 0;
    let most = 0;
    const request = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
    };

    await Promise.all(Array.from({ length: 20 }, () => governor.turn(request)));

    expect(most).toBe(3);
  });

  it("waits before the next request when a good answer carries Retry-After", async () => {
    const { clock, governor, told } = governed();
    await governor.turn(async () => governor.observe(200, headers({ "retry-after": "12" })));

    await governor.turn(async () => undefined);

    expect(clock.sleeps).toEqual([12_000]);
    expect(told).toEqual([12]);
  });

  it("closes lanes at once when little is left and opens them slowly", () => {
    const { governor } = governed(8);

    governor.observe(200, headers({ "x-ratelimit-limit": "200", "x-ratelimit-remaining": "20" }));
    expect(governor.lanes).toBe(4);
    governor.observe(200, headers({ "x-ratelimit-delay": "2.5" }));
    expect(governor.lanes).toBe(1);
    for (let answers = 0; answers < 20; answers += 1) governor.observe(200, headers());
    expect(governor.lanes).toBeCloseTo(2);
  });

  it("halves the lanes and pauses all of them after 429 and 503, also without a time", async () => {
    const { clock, governor } = governed(8);

    governor.observe(429, headers());
    expect(governor.lanes).toBe(4);
    governor.observe(503, headers({ "retry-after": "30" }));
    expect(governor.lanes).toBe(2);
    await Promise.all([governor.turn(async () => undefined), governor.turn(async () => undefined)]);

    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(30_000);
  });

  it("gives a lane back when a request fails", async () => {
    const { governor } = governed(1);

    await expect(governor.turn(() => Promise.reject(new Error("lost")))).rejects.toThrow("lost");

    expect(await governor.turn(async () => "next")).toBe("next");
  });

  it("reads Retry-After as seconds, fractions and dates", () => {
    const clock = virtualClock();

    expect(retryAfterOf("2.5", clock)).toBe(2_500);
    expect(retryAfterOf("Mon, 05 Jan 2026 02:01:00 GMT", clock)).toBe(60_000);
    expect(retryAfterOf("soon", clock)).toBeUndefined();
    expect(retryAfterOf(undefined, clock)).toBeUndefined();
  });
});
