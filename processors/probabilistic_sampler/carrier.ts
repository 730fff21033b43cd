import type { ItemOutput } from '../../pdata/pick.ts';
import type { MessageView } from '../../pdata/readers.ts';
import type { Randomness, Threshold } from './threshold.ts';

/**
 * What an item says of its own sampling, and where that is changed. One object serves all items.
 */
export interface Carrier {
  /** What the item says explicitly, undefined = nothing. */
  readonly randomness: Randomness | undefined;
  readonly threshold: Threshold | undefined;
  /** Moves to an item. @returns what is wrong with what it says, '' = nothing */
  read(item: MessageView): string;
  setRandomness(randomness: Randomness): void;
  clearThreshold(): void;
  /** Raises the threshold; one that would fall stays. */
  raiseThreshold(threshold: Threshold): void;
  /** Keeps the item with what was changed. */
  keep(item: MessageView, out: ItemOutput): void;
}
