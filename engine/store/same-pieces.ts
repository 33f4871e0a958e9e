import { concat } from "../foundation/bytes.ts";

/** A stretch of what was sent, kept as a way to recognise it. */
export interface Piece {
  readonly length: number;
  readonly isSame: (stored: Uint8Array) => boolean;
}

/** True when the stream is these pieces and nothing more. Holds one piece in memory; stops at the first difference. */
export async function samePieces(chunks: AsyncIterable<Uint8Array>, pieces: readonly Piece[]): Promise<boolean> {
  let index = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let rest = chunk;
    while (rest.length > 0) {
      const piece = pieces[index];
      if (piece === undefined) return false;
      const part = rest.subarray(0, piece.length - heldBytes);
      held.push(part);
      heldBytes += part.length;
      rest = rest.subarray(part.length);
      if (heldBytes < piece.length) break;
      if (!piece.isSame(concat(held))) return false;
      index += 1;
      held = [];
      heldBytes = 0;
    }
  }
  return heldBytes === 0 && pieces.slice(index).every((piece) => piece.length === 0);
}
