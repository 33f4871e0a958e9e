/** Git bundles as segments: streamed through sealing as they come, and out again (docs/format.md 3.5). */
import type { Segment } from "../format/ref.ts";
import { openSealed } from "../objects/sealed-objects.ts";
import type { SealedWriter, VaultAccess } from "../objects/sealed-objects.ts";
import type { StoredBundle } from "./stream-reader.ts";
import type { BundleContent, SegmentLink } from "./stream-writer.ts";

export async function writeBundle(sealed: SealedWriter, link: SegmentLink, content: BundleContent): Promise<Segment> {
  const ref = await sealed.write("bundle.age", "content", content.chunks);
  const { header, objects } = content.facts();
  const { from, to } = link;
  return { ...ref, k: from === null ? "base" : "delta", from, to, header, objects };
}

/** The bundles of a chain, base first. Take a bundle's content before asking for the next. */
export async function* readBundles(access: VaultAccess, chain: readonly Segment[]): AsyncGenerator<StoredBundle> {
  for (const segment of chain) yield { segment, chunks: openSealed(access, segment) };
}
