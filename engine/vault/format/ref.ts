/** References to stored objects, as they stand in log entries, indexes and states (docs/format.md 3.2). */
export interface Ref {
  /** `<run>/<shard>-<n6>.<ext>`, below `<vault>/data/`. */
  readonly o: string;
  /** Stored bytes. */
  readonly n: number;
  /** SHA-256 of the stored bytes, hex. */
  readonly h: string;
  /** Length of the age header. */
  readonly hl: number;
  /** SHA-256 of age header and payload nonce, hex: makes a ranged read authentic. */
  readonly hh: string;
  /** Version id of the storage; a hint only. */
  readonly v?: string;
}

/** First key, offset and length (both in the gzip stream) of one independent gzip member. */
export type Frame = readonly [firstKey: string | number, offset: number, length: number];

export interface Segment extends Ref {
  readonly k: "base" | "delta";
  /** Digest or watermark the segment starts from: `to` of the one before; null for a base. */
  readonly from: string | null;
  readonly to: string;
  /** Records put and deleted; absent for bundles. */
  readonly puts?: number;
  readonly dels?: number;
  /** Only for records. */
  readonly frames?: readonly Frame[];
  /** Bundles: bytes of the bundle header, objects in the pack. */
  readonly header?: number;
  readonly objects?: number;
}
