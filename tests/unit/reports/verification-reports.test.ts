import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { planHtml, verifyHtml } from "../../../engine/reports/html.ts";
import { verifyJunit } from "../../../engine/reports/junit.ts";
import { pageStyle, pageStyleHash } from "../../../engine/reports/page-style.ts";
import { aPlan, aStep, aStream, aVerification, damage, hostile } from "./builders.ts";

describe("a verification as test results", () => {
  it("has one test for each stream and one for the log", () => {
    const xml = verifyJunit(aVerification());

    expect(xml).toContain('<testsuites tests="3" failures="0"');
    expect(xml.match(/<testcase /g)).toHaveLength(3);
    expect(xml).toContain('classname="Work items" name="Work items (work-items)"');
  });

  it("fails the test of a damaged stream and names the snapshots", () => {
    const findings = [damage(), damage({ severity: "note", code: "OLD", message: "an old defect" })];
    const xml = verifyJunit(aVerification({ streams: [aStream({ findings })], damaged: 1 }));

    expect(xml).toContain('failures="1"');
    expect(xml).toContain('<failure type="damage" message="OBJECT_DAMAGED: data/ab/abcdef.age: the stored bytes');
    expect(xml).toContain("Snapshots concerned: 20261121T020000Z-00000001, 20261122T204648Z-c7e97e0b");
    expect(xml).toContain("<system-out>OLD: data/ab/abcdef.age: an old defect</system-out>");
  });

  it("fails the test of the log when it is damaged or when the backup is too old", () => {
    const old = verifyJunit(aVerification({ tooOld: true }));
    const torn = verifyJunit(aVerification({ log: [damage({ stream: "log", message: "entry 5 is gone" })] }));

    expect(old).toContain("older than maxAgeHours allows: 2026-11-22 20:46:51 UTC");
    expect(torn).toContain("entry 5 is gone");
  });

  it("is well-formed whatever the names are", () => {
    const findings = [damage({ item: hostile, message: `${hostile}\u0000\ud800]]>` })];
    const xml = verifyJunit(aVerification({ streams: [aStream({ name: hostile, findings })], damaged: 1 }));

    expect(wellFormed(xml)).toBe(true);
    expect(xml).not.toContain("<img");
  });
});

describe("reports as pages", () => {
  it("allow a browser nothing but their own style", () => {
    const digest = createHash("sha256").update(pageStyle).digest("base64");

    expect(pageStyleHash).toBe(`sha256-${digest}`);
    for (const page of [verifyHtml(aVerification()), planHtml(aPlan())]) {
      expect(page).toContain(`content="default-src 'none'; style-src '${pageStyleHash}'; base-uri 'none'`);
      expect(page).not.toMatch(/<script|<link|<img|<iframe|javascript:|\son\w+=| src=| href=/i);
    }
  });

  it("show damaged streams first, with the snapshots concerned", () => {
    const streams = [aStream({ stream: "areas", name: "Areas" }), aStream({ findings: [damage()] })];
    const page = verifyHtml(aVerification({ streams, damaged: 1 }));

    expect(page).toContain("Damage was found");
    expect(page.indexOf("Web")).toBeLessThan(page.indexOf("Areas"));
    expect(page).toContain("20261121T020000Z-00000001");
  });

  it("say until when nothing can be deleted", () => {
    expect(verifyHtml(aVerification())).toContain(
      "<dt>Immutability</dt><dd>Protected from deletion until 2026-12-30 01:00:00 UTC (locked)</dd>",
    );
  });

  it("hold names that are markup as text", () => {
    const page = planHtml(aPlan({ steps: [aStep({ name: hostile, changes: [hostile] })] }));

    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });
});

/** Every tag is closed, in order, and no character stands that XML forbids: enough for what we write. */
function wellFormed(xml: string): boolean {
  const open: string[] = [];
  for (const [, close, name = "", , self] of xml.matchAll(/<(\/?)([a-z][\w-]*)((?:\s[\w-]+="[^"<]*")*)\s*(\/?)>/g)) {
    if (close === "/") {
      if (open.pop() !== name) return false;
    } else if (self !== "/") open.push(name);
  }
  const rest = xml.replace(/<\?xml[^>]*\?>/, "").replace(/<\/?[a-z][\w-]*(?:\s[\w-]+="[^"<]*")*\s*\/?>/g, "");
  return open.length === 0 && !/[<>]/.test(rest) && !/[\p{Cc}\ufffe\uffff]/u.test(xml.replaceAll("\n", ""));
}
