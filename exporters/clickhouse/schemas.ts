import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { Allocate, Block } from '../../wire/clickhouse/block.ts';
import type { Verify } from './sealed-batch.ts';

/** A block and how its delivery is verified. */
export interface PlacedBlock extends Block {
  readonly verify: Verify;
  /** Day of a row, as an expression over its columns. */
  readonly dayExpression: string;
  /** Each row is an item of the batch. */
  readonly facts: boolean;
}

/** What `encode` made of queued batches. */
export interface Placed {
  /** In the order in which they are inserted. */
  readonly blocks: readonly PlacedBlock[];
  readonly dictionaryKeys: readonly string[];
}

/** How one signal is laid out in one schema. */
export interface SchemaWriter {
  /** Whether what is added lies in memory of the addon, not in ArrayBuffers. */
  readonly native: boolean;
  /** Adds what one range of a batch holds. @param receiptSeconds Unix seconds */
  append(range: Uint8Array, receiptSeconds: number): void;
  /** Forms of batches that {@link own} takes. */
  readonly takes?: ReadonlySet<string> | undefined;
  /** As `own` of a backend. */
  own?(batch: Batch<Signal>, nowMs: number): Batch<Signal>;
  /** As `lost` of a backend. */
  lost?(): void;
  /**
   * Adds what {@link own} made. Throws on bytes that are something else.
   * @returns false, and nothing is added, when it was made for another database
   */
  appendStored?(bytes: Uint8Array): boolean;
  /** As `parallel` of a backend. */
  readonly parallel?: number;
  /** Sending what it makes a second time never changes anything. */
  readonly repeatable?: boolean;
  /** Everything added so far, as blocks; empty afterwards. */
  seal(batchId: bigint, allocate?: Allocate): Placed;
  /** Called with the keys of a sealed batch once it is delivered. */
  delivered(dictionaryKeys: readonly string[]): void;
}

/** Signals that the exporter stores. */
export type StoredSignal = Exclude<Signal, 'profiles'>;
