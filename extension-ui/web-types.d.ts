/**
 * TypeScript's picture of browsers wants bytes that are known not to be shared between threads; the engine, which is
 * also compiled against Node's picture, speaks of bytes only. None of ours are shared.
 */
interface SubtleCrypto {
  importKey(
    format: "raw",
    key: Uint8Array,
    algorithm: string | Algorithm | HmacImportParams,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  sign(algorithm: string, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
  verify(algorithm: Algorithm, key: CryptoKey, signature: Uint8Array, data: Uint8Array): Promise<boolean>;
}

interface ReadableStream<R = unknown> {
  pipeThrough(transform: CompressionStream | DecompressionStream): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Style sheets: the bundle puts them beside the script. */
declare module "*.css";
