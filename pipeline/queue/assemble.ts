import type { Signal } from '../../component/signals.ts';
import type { Batch, SplitLimits } from '../../pdata/batch.ts';
import { mergeBatches } from '../../pdata/merge.ts';
import type { Entry, Part, Piece } from './entry.ts';

/** How large a delivery may be. */
export interface SplitPolicy {
  readonly sizer: 'items' | 'bytes';
  /** 0 = any. */
  readonly maxUnits: number;
}

/** The size of a batch in the unit of `sizer`. */
export function unitsOf(
  batch: { readonly itemCount: number; readonly byteLength: number },
  sizer: 'items' | 'bytes',
): number {
  return sizer === 'bytes' ? batch.byteLength : batch.itemCount;
}

/**
 * Merges parts, whose batches are at hand, and splits what is too large. Pieces follow the order
 * of the parts, so that item counts tell which entries each piece carries; `pending` of the
 * entries becomes the number of pieces that carry them.
 */
export function assemble<S extends Signal>(
  parts: readonly Part<S>[],
  policy: SplitPolicy,
): Piece<S>[] {
  const batches = parts.map((part) => part.batch!);
  const merged = batches.length === 1 ? batches[0]! : mergeBatches(batches);
  if (policy.maxUnits === 0 || unitsOf(merged, policy.sizer) <= policy.maxUnits) {
    return [{ entries: entriesOf(parts), batches: [merged], items: merged.itemCount }];
  }
  const limits: SplitLimits =
    policy.sizer === 'bytes' ? { maxBytes: policy.maxUnits } : { maxItems: policy.maxUnits };
  return share(parts, merged.split(limits));
}

/** The batches of parts, less what the backend took up. */
export function batchesOf<S extends Signal>(parts: readonly Part<S>[]): Batch<S>[] {
  return parts.flatMap((part) => (part.batch === undefined ? [] : [part.batch]));
}

/** Parts as one piece, batches that are not at hand left out. */
export function pieceOf<S extends Signal>(parts: readonly Part<S>[]): Piece<S> {
  const items = parts.reduce((sum, part) => sum + part.items, 0);
  return { entries: entriesOf(parts), batches: batchesOf(parts), items };
}

/** The entries behind parts; parts that wait at the same time have no entry in common. */
export function entriesOf<S extends Signal>(parts: readonly Part<S>[]): readonly Entry[] {
  if (parts.length === 1) return parts[0]!.entries;
  const entries: Entry[] = [];
  for (const part of parts) for (const entry of part.entries) entries.push(entry);
  return entries;
}

function share<S extends Signal>(parts: readonly Part<S>[], split: Batch<S>[]): Piece<S>[] {
  for (const entry of entriesOf(parts)) entry.pending--;
  let at = 0;
  let startOfPart = 0;
  let startOfPiece = 0;
  return split.map((batch, i) => {
    const last = i === split.length - 1;
    const end = last ? Number.POSITIVE_INFINITY : startOfPiece + batch.itemCount;
    const carried: Part<S>[] = [];
    while (at < parts.length && startOfPart < end) {
      const part = parts[at]!;
      carried.push(part);
      if (startOfPart + part.items > end) break;
      startOfPart += part.items;
      at++;
    }
    startOfPiece = end;
    const entries = carried.length === 0 ? [] : entriesOf(carried);
    for (const entry of entries) entry.pending++;
    return { entries, batches: [batch], items: batch.itemCount };
  });
}
