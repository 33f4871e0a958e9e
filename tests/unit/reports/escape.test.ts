import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markdownText, markupText } from "../../../engine/reports/escape.ts";

const halfPair = "\ud83d";

describe("foreign text in Markdown", () => {
  it("stays readable when it is harmless", () => {
    expect(markdownText("User Story 14: As a visitor I find “jäcket” (de, fr, 日本語) 📷")).toBe(
      "User Story 14: As a visitor I find “jäcket” (de, fr, 日本語) 📷",
    );
  });

  it.each([
    ["a|b", "a\\|b"],
    ["<script>", "&lt;script&gt;"],
    ["**bold** _it_ ~~gone~~", "\\*\\*bold\\*\\* \\_it\\_ \\~\\~gone\\~\\~"],
    ["[text](https://x.example)", "\\[text\\](https:\\/\\/x.example)"],
    ["![picture](x)", "!\\[picture\\](x)"],
    ["see www.example.org", "see www\\.example.org"],
    ["#123 @team $x$", "\\#123 \\@team \\$x\\$"],
    ["- item", "\\- item"],
    ["1. first", "1\\. first"],
    ["`code`", "\\`code\\`"],
    ["&amp;", "&amp;amp;"],
    ["one\ntwo\r\nthree", "one two  three"],
  ])("makes %j inert", (text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });

  it("obeys no logging command", () => {
    expect(markdownText("##vso[task.complete result=Failed;]")).not.toMatch(/##vso\[/i);
  });

  it("never ends the line or the cell it stands in, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const escaped = markdownText(text);

        expect(escaped).not.toMatch(/[\n\r\u2028\u2029]/);
        expect(escaped.replace(/\\./gs, "")).not.toMatch(/[|`<>[\]*_]/);
      }),
    );
  });
});

describe("foreign text in HTML and XML", () => {
  it("is no markup and closes no attribute", () => {
    expect(markupText(`<a href="x" title='y'>&`)).toBe("&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;");
  });

  it("holds no character that XML 1.0 forbids", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        expect(markupText(text)).not.toMatch(/[\p{Cc}\ufffe\uffff<>"']/u);
      }),
    );
    expect(markupText(`half ${halfPair} pair`)).toBe("half \ufffd pair");
  });

  it("is cut when it is long", () => {
    expect(markupText("x".repeat(1000)).length).toBeLessThan(410);
  });
});
