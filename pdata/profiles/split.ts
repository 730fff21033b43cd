import type { SplitLimits } from '../batch.ts';
import { joinProfiles } from './rewrite.ts';
import { DictionaryIndex, withoutDictionary } from './tables.ts';

/** One piece of a request. */
export interface ProfilesPiece {
  readonly bytes: Uint8Array;
  readonly items: number;
}

/** Cuts a request without dictionary into pieces of `maxItems` samples; stops after `most`. */
export type CutByItems = (piece: ProfilesPiece, maxItems: number, most: number) => ProfilesPiece[];

/**
 * Cuts a profiles request. Each piece gets the entries of the dictionary that it names, so how
 * large one gets is known when it is written: what is too large is cut in half by its samples.
 *
 * @param limits as of `Batch.split`; a piece of one sample may be larger
 * @param maxPieces may stop after so many
 * @param cut how requests are cut by items
 */
export function splitProfiles(
  request: ProfilesPiece,
  limits: SplitLimits,
  maxPieces: number,
  cut: CutByItems,
): ProfilesPiece[] {
  const dictionary = new DictionaryIndex(request.bytes);
  const { maxItems = request.items, maxBytes = Number.POSITIVE_INFINITY } = limits;
  const pieces: ProfilesPiece[] = [];
  const add = (bare: ProfilesPiece): void => {
    const bytes = joinProfiles([{ bytes: bare.bytes, dictionary }]);
    const isLarge = bytes.length > maxBytes && bare.items > 1;
    const halves = isLarge ? cut(bare, Math.ceil(bare.items / 2), Number.POSITIVE_INFINITY) : [];
    if (halves.length > 1) for (const half of halves) add(half);
    else pieces.push({ bytes, items: bare.items });
  };
  const bare = { bytes: withoutDictionary(request.bytes), items: request.items };
  for (const piece of cut(bare, Math.max(1, maxItems), maxPieces)) add(piece);
  return pieces;
}
