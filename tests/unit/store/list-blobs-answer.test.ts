import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorCodeOf, parseListBlobs } from "../../../engine/store/list-blobs-answer.ts";
import { parseSmallXml } from "../../../engine/store/small-xml.ts";

/** As the service documents a page with a version, an encoded name and entities. */
const PAGE = `\ufeff<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ServiceEndpoint="https://contoso.blob.core.windows.net/" ContainerName="backup">
  <Prefix>runs/</Prefix><MaxResults>3</MaxResults>
  <Blobs>
    <Blob><Name>runs/a&amp;b&#x20;&lt;c&gt;</Name><VersionId>2026-11-22T10:00:00.1234567Z</VersionId>
      <IsCurrentVersion>true</IsCurrentVersion>
      <Properties><Creation-Time>Sun, 22 Nov 2026 10:00:00 GMT</Creation-Time>
      <Last-Modified>Sun, 22 Nov 2026 11:00:00 GMT</Last-Modified><Content-Length>1234</Content-Length><Etag>0x8</Etag></Properties>
      <OrMetadata /></Blob>
    <Blob><Name Encoded="true">runs/%EF%BF%BE</Name>
      <Properties><Last-Modified>Sun, 22 Nov 2026 11:00:00 GMT</Last-Modified><Content-Length>0</Content-Length></Properties></Blob>
  </Blobs>
  <NextMarker>2!92!MDAw</NextMarker>
</EnumerationResults>`;

describe("a page of a listing", () => {
  it("gives names, lengths, times, versions and where to go on", () => {
    expect(parseListBlobs(PAGE)).toEqual({
      items: [
        {
          name: "runs/a&b <c>",
          length: 1234,
          createdAt: new Date("2026-11-22T10:00:00Z"),
          version: "2026-11-22T10:00:00.1234567Z",
        },
        { name: "runs/\ufffe", length: 0, createdAt: new Date("2026-11-22T11:00:00Z"), version: undefined },
      ],
      next: "2!92!MDAw",
    });
  });

  it("is never believed when any of it is missing", () => {
    for (let end = 0; end < PAGE.length; end += 1) expect(parseListBlobs(PAGE.slice(0, end))).toBeUndefined();
  });

  it.each([
    ["a sign-in page", "<html><body>Sign in</body></html>"],
    ["no end marker", PAGE.replace(/<NextMarker>.*<\/NextMarker>/, "")],
    ["a blob without a length", PAGE.replace("<Content-Length>0</Content-Length>", "")],
    ["a negative length", PAGE.replace(">1234<", ">-1<")],
    ["a blob without a time", PAGE.replaceAll(/<Last-Modified>.*?<\/Last-Modified>/g, "")],
    ["two lists", PAGE.replace("<Blobs>", "<Blobs></Blobs><Blobs>")],
    ["something else in the list", PAGE.replace("<Blobs>", "<Blobs><BlobPrefix><Name>x</Name></BlobPrefix>")],
    ["an unknown entity", PAGE.replace("&amp;", "&eacute;")],
    ["a document type", PAGE.replace("<Enum", '<!DOCTYPE x [<!ENTITY y "z">]><Enum')],
  ])("is not a page: %s", (_, text) => {
    expect(parseListBlobs(text)).toBeUndefined();
  });

  const until = "<ImmutabilityPolicyUntilDate>Wed, 30 Dec 2026 01:00:00 GMT</ImmutabilityPolicyUntilDate>";
  const at = "2026-12-30T01:00:00.000Z";

  it.each([
    ["nothing", "", { isHeld: false }],
    [
      "locked",
      `${until}<ImmutabilityPolicyMode>locked</ImmutabilityPolicyMode>`,
      { policy: { mode: "locked", until: at }, isHeld: false },
    ],
    [
      "unlocked",
      `${until}<ImmutabilityPolicyMode>unlocked</ImmutabilityPolicyMode>`,
      { policy: { mode: "unlocked", until: at }, isHeld: false },
    ],
    [
      "a mode of later",
      `${until}<ImmutabilityPolicyMode>loose</ImmutabilityPolicyMode>`,
      { policy: { mode: "unlocked", until: at }, isHeld: false },
    ],
    ["a hold", "<LegalHold>true</LegalHold>", { isHeld: true }],
    ["a date without a mode", until, undefined],
    ["a lock without a date", "<ImmutabilityPolicyMode>locked</ImmutabilityPolicyMode>", undefined],
    [
      "a lock until never",
      `<ImmutabilityPolicyUntilDate>soon</ImmutabilityPolicyUntilDate><ImmutabilityPolicyMode>locked</ImmutabilityPolicyMode>`,
      undefined,
    ],
  ])("tells how an object is protected, and nothing where that makes no sense: %s", (_, told, protection) => {
    const page = PAGE.replace("<Etag>", `${told}<Etag>`);

    expect(parseListBlobs(page, { withProtection: true })?.items[0]?.protection).toEqual(protection);
    expect(parseListBlobs(page)?.items[0]?.protection).toBeUndefined();
  });

  it("reads the code of an error's body", () => {
    const text = '<?xml version="1.0"?><Error><Code>ContainerNotFound</Code><Message>No.</Message></Error>';

    expect(errorCodeOf(text)).toBe("ContainerNotFound");
    expect(errorCodeOf("<html>")).toBe("");
  });
});

describe("small XML", () => {
  it("gives back any text that was escaped, and never throws", () => {
    const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(parseSmallXml(`<a><b>${escaped(text)}</b></a>`)?.children[0]?.text).toBe(text);
        parseSmallXml(`<a>${text}</a>`);
        parseSmallXml(text);
      }),
    );
  });

  it("takes time in proportion to the text", () => {
    const started = performance.now();
    for (const text of [
      "<a ".repeat(100_000),
      "<a>".repeat(100_000),
      `<a ${'b="c" '.repeat(100_000)}`,
      "&".repeat(200_000),
    ]) {
      expect(parseSmallXml(text)).toBeUndefined();
    }
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
