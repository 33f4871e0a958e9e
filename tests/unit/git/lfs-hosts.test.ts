import { describe, expect, it } from "vitest";
import { isLfsHost, isOwnHeader } from "../../../engine/git/lfs-hosts.ts";

const remote = new URL("https://dev.azure.com/contoso/Shop/_git/Web");

describe("an action of an LFS answer", () => {
  it.each([
    "https://dev.azure.com/contoso/Shop/_git/Web/info/lfs/objects/1",
    "https://contoso.visualstudio.com/x",
    "https://vsblob.dev.azure.com/x",
    "https://store7.blob.core.windows.net/x?sig=1",
    "https://store7.z01.blob.storage.azure.net/x",
    "https://store7.blob.core.usgovcloudapi.net/x",
    "https://store7.blob.core.chinacloudapi.cn/x",
  ])("may lead to %s", (href) => {
    expect(isLfsHost(new URL(href), remote)).toBe(true);
  });

  it.each([
    "http://store7.blob.core.windows.net/x",
    "https://blob.core.windows.net/x",
    "https://store7.blob.core.windows.net.evil.example/x",
    "https://evil-dev.azure.com.example/x",
    "https://store7.blob.core.windows.net:8443/x",
    "https://user@store7.blob.core.windows.net/x",
    "http://169.254.169.254/metadata/identity/oauth2/token",
    "http://127.0.0.1:10000/x",
    "https://10.0.0.5/x",
  ])("may not lead to %s", (href) => {
    expect(isLfsHost(new URL(href), remote)).toBe(false);
  });

  it("may lead to this machine only where the remote is on it, and to the remote's own server anywhere", () => {
    const local = new URL("http://127.0.0.1:8080/contoso/Shop/_git/Web");
    const server = new URL("http://tfs.contoso.local:8080/tfs/_git/Web");

    expect(isLfsHost(new URL("http://localhost:9090/x"), local)).toBe(true);
    expect(isLfsHost(new URL("https://store7.blob.core.windows.net/x"), local)).toBe(false);
    expect(isLfsHost(new URL("http://tfs.contoso.local:8080/x"), server)).toBe(true);
    expect(isLfsHost(new URL("http://tfs.contoso.local:9090/x"), server)).toBe(false);
  });

  it.each([
    "host",
    "metadata",
    "metadata-flavor",
    "x-aws-ec2-metadata-token",
    "x-forwarded-for",
    "content-length",
    "cookie",
  ])("may not set the header %s", (name) => {
    expect(isOwnHeader(name, "true")).toBe(false);
  });

  it.each(["authorization", "x-ms-blob-type", "x-ms-version", "x-ticket", "content-type"])("may set %s", (name) => {
    expect(isOwnHeader(name, "text")).toBe(true);
  });
});
