import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { basic } from "../../../support/simulator.ts";
import { relate, witService } from "./wit-service.ts";
import type { WitService } from "./wit-service.ts";

let service: WitService;

beforeAll(async () => {
  service = await witService({ attachmentLimitBytes: 4 * 1024 * 1024 });
});

afterAll(async () => {
  expect(await service.stop()).toEqual([]);
});

async function download(
  id: string,
  query: string,
): Promise<{ content: Buffer; type: string | null; disposition: string | null }> {
  const url = `${service.simulator.organizationUrl}/_apis/wit/attachments/${id}?${query}&api-version=7.1`;
  const answer = await fetch(url, { headers: { authorization: basic(service.simulator.token) } });
  const content = Buffer.from(await answer.arrayBuffer());
  return { content, type: answer.headers.get("content-type"), disposition: answer.headers.get("content-disposition") };
}

it("gives back what was uploaded, through the project or not", async () => {
  const content = randomBytes(2 * 1024 * 1024);

  const { status, json } = await service.upload("Shop/_apis/wit/attachments?fileName=photo.png", content);
  const shown = await download(String(json.id), "fileName=photo.png");
  const saved = await download(String(json.id), "fileName=%C3%A4.png&download=true");

  expect(status).toBe(201);
  expect(json.url).toMatch(/\/[0-9a-f-]{36}\/_apis\/wit\/attachments\/[0-9a-f-]{36}\?fileName=photo\.png$/);
  expect(shown.content.equals(content)).toBe(true);
  expect(shown.type).toBe("image/png");
  expect(saved).toMatchObject({
    type: "application/octet-stream",
    disposition: "attachment; filename*=UTF-8''%C3%A4.png",
  });
});

it("wants large files in chunks, in order", async () => {
  const content = randomBytes(6 * 1024 * 1024);
  const whole = await service.upload("_apis/wit/attachments?fileName=big.bin", content);
  const { json } = await service.upload("_apis/wit/attachments?fileName=big.bin&uploadType=chunked", new Uint8Array());
  const at = `_apis/wit/attachments/${json.id}?fileName=big.bin`;
  const put = (from: number, to: number) =>
    service.upload(at, content.subarray(from, to), { "content-range": `bytes ${from}-${to - 1}/${content.length}` });

  const item = service.wit.create("Shop");
  const tooEarly = await service.patch(`_apis/wit/workitems/${item.id}`, [relate("AttachedFile", json.url)]);
  const first = await put(0, 3_000_000);
  const gap = await put(4_000_000, content.length);
  const last = await put(3_000_000, content.length);
  const more = await put(0, 100);

  expect(whole.status).toBe(413);
  expect(tooEarly.status).toBe(400);
  expect([first.status, gap.status, last.status, more.status]).toEqual([200, 400, 200, 400]);
  expect((await download(String(json.id), "fileName=big.bin&download=true")).content.equals(content)).toBe(true);
  const linked = await service.patch(`_apis/wit/workitems/${item.id}`, [relate("AttachedFile", json.url)]);
  expect(linked.json.relations?.[0]?.attributes).toMatchObject({ name: "big.bin", resourceSize: content.length });
});
