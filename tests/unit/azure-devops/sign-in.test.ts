import { describe, expect, it } from "vitest";
import { accessToken, entraToken, jobToken, personalAccessToken } from "../../../engine/azure-devops/sign-in.ts";
import { pat, virtualClock } from "./client/scripted-server.ts";

const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyb2JpbiJ9.c2lnbmF0dXJl";

describe("signing in", () => {
  it("sends a personal access token as Basic with an empty user name", async () => {
    const wanted = `Basic ${Buffer.from(`:${pat}`).toString("base64")}`;

    expect(await personalAccessToken(pat).authorization()).toBe(wanted);
    expect(await accessToken(pat).authorization()).toBe(wanted);
  });

  it("sends the job's token and a Microsoft Entra token as Bearer", async () => {
    expect(await jobToken(jwt).authorization()).toBe(`Bearer ${jwt}`);
    expect(await accessToken(jwt).authorization()).toBe(`Bearer ${jwt}`);
  });

  it("takes off what copying adds to a token", async () => {
    expect(await accessToken(`  Bearer ${jwt}\r\n`).authorization()).toBe(`Bearer ${jwt}`);
    expect(await personalAccessToken(`\n${pat} `).authorization()).toBe(await personalAccessToken(pat).authorization());
  });

  it.each([
    ["", "is empty"],
    [" \n", "is empty"],
    ["$(System.AccessToken)", "was not replaced"],
    ["abc def", "contains blanks"],
    ["“token”", "contains blanks or characters"],
  ])("refuses '%s' and never quotes it", (text, why) => {
    expect(() => accessToken(text)).toThrow(expect.objectContaining({ code: "INPUT" }) as Error);
    expect(() => accessToken(text)).toThrow(why);
  });

  it("fetches an Entra token once for many requests and again before it expires", async () => {
    const clock = virtualClock();
    let fetched = 0;
    const signIn = entraToken(async () => {
      fetched += 1;
      return { token: `token-${fetched}`, expiresOn: new Date(clock.now().getTime() + 3_600_000) };
    }, clock);

    const first = await Promise.all([signIn.authorization(), signIn.authorization()]);
    await clock.sleep(54 * 60_000);
    const early = await signIn.authorization();
    await clock.sleep(2 * 60_000);
    const late = await signIn.authorization();

    expect(first).toEqual(["Bearer token-1", "Bearer token-1"]);
    expect(early).toBe("Bearer token-1");
    expect(late).toBe("Bearer token-2");
  });

  it("fetches a new Entra token when the service refuses the present one", async () => {
    const clock = virtualClock();
    let fetched = 0;
    const signIn = entraToken(async () => {
      fetched += 1;
      return { token: `token-${fetched}`, expiresOn: new Date(clock.now().getTime() + 3_600_000) };
    }, clock);

    const first = await signIn.authorization();

    expect(await signIn.authorization(first)).toBe("Bearer token-2");
    expect(await signIn.authorization(first)).toBe("Bearer token-2");
  });

  it("uses a token to its end when a new one cannot be had in time", async () => {
    const clock = virtualClock();
    let isBroken = false;
    const signIn = entraToken(async () => {
      if (isBroken) throw new Error("token service is down");
      return { token: "token-1", expiresOn: new Date(clock.now().getTime() + 3_600_000) };
    }, clock);
    await signIn.authorization();
    isBroken = true;

    await clock.sleep(58 * 60_000);
    expect(await signIn.authorization()).toBe("Bearer token-1");
    await clock.sleep(3 * 60_000);
    await expect(signIn.authorization()).rejects.toThrow("token service is down");
  });
});
