import type { Settings } from '../../component/settings.ts';
import type { Allocate, Block } from '../../wire/clickhouse/block.ts';
import type { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import type { PlacedBlock, SchemaWriter, StoredSignal } from './schemas.ts';

/** What the encoders of schema `smart` have in common. */
export interface SmartEncoderLike {
  /** Resources and scopes that were stored with their rows because there were too many. */
  readonly inlined: number;
  append(range: Uint8Array, receiptSeconds: number): void;
  seal(
    batchId: bigint,
    allocate?: Allocate,
  ): { readonly blocks: readonly Block[]; readonly dictionaryKeys: readonly string[] };
}

/**
 * The writer over an encoder.
 * @param written dictionary rows that need no repeating, known to the encoder as well
 * @param native whether what is added lies in memory of the addon
 */
export function smartWriter(
  encoder: SmartEncoderLike,
  written: WrittenRows,
  placed: (block: Block) => PlacedBlock,
  native = false,
): SchemaWriter {
  return {
    native,
    append: (range, receiptSeconds) => encoder.append(range, receiptSeconds),
    seal(batchId, allocate) {
      const { blocks, dictionaryKeys } = encoder.seal(batchId, allocate);
      return { blocks: blocks.map(placed), dictionaryKeys };
    },
    delivered: (keys) => written.add(keys),
  };
}

/** Tells how many sets an encoder stored with their rows. @returns what ends that */
export function tellInlined(
  encoder: SmartEncoderLike,
  settings: Settings,
  signal?: StoredSignal,
): () => void {
  return settings.meter.gauge(
    'otelcol_exporter_clickhouse_inline_sets',
    { description: 'Resources and scopes stored with their rows: too many', unit: '{sets}' },
    () => encoder.inlined,
    { exporter: settings.id, ...(signal === undefined ? {} : { signal }) },
  );
}
