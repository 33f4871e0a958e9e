/** A folder served as the Marketplace serves an extension's files: any origin may load them, types are not guessed. */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, normalize, sep } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
};

/** Serves what lies below `prefix`; everything else is 404. */
export async function serveFolder(
  { folder, prefix }: { readonly folder: string; readonly prefix: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const content = pathname.startsWith(prefix) ? await contentOf(folder, pathname.slice(prefix.length)) : undefined;
  response.writeHead(content === undefined ? 404 : 200, {
    "content-type": types[extname(pathname)] ?? "application/octet-stream",
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
  response.end(content);
}

async function contentOf(folder: string, name: string): Promise<Uint8Array | undefined> {
  const file = normalize(join(folder, decodeURIComponent(name)));
  if (!file.startsWith(normalize(folder) + sep)) return undefined;
  try {
    return await readFile(file);
  } catch {
    return undefined;
  }
}
