import { NewerForm, type SealedBatch } from '../../pipeline/exporter.ts';
import type { Compression } from './config.ts';

/** How an insert whose outcome is unknown is looked into. */
export type Verify =
  /** Rows carry the id of the batch: they are counted. */
  | 'count'
  /** Sending again changes nothing. */
  | 'idempotent'
  /** Nothing tells; it is sent again and may be there twice. */
  | 'none';

/** One INSERT: a block in its final form. */
export interface SealedBlock {
  /** Where its tables were when it was sealed. Absent in what earlier versions wrote. */
  readonly database?: string;
  readonly table: string;
  /** Days since 1970; -1 when rows of many days are mixed. */
  readonly day: number;
  /** Expression for the day of a row, for `verify: count`. */
  readonly dayExpression: string;
  readonly rows: number;
  readonly columns: readonly string[];
  readonly compression: Compression;
  readonly verify: Verify;
  /** Each row is an item of the batch. Absent in what earlier versions wrote. */
  readonly facts?: boolean;
  readonly body: Uint8Array;
}

/** What is known of one block's delivery in this process. */
export interface BlockState {
  done: boolean;
  /** An attempt got no answer. */
  unknown: boolean;
}

/** A sealed batch of the exporter; `states` is the only part that changes. */
export interface ClickHouseBatch extends SealedBatch {
  readonly batchId: bigint;
  readonly blocks: readonly SealedBlock[];
  /** Dictionary rows in it, to be remembered as written once all is delivered. */
  readonly dictionaryKeys: readonly string[];
  readonly states: readonly BlockState[];
}

/** Makes a batch that nothing of is sent yet. */
export function newBatch(
  batchId: bigint,
  itemCount: number,
  blocks: readonly SealedBlock[],
  dictionaryKeys: readonly string[],
): ClickHouseBatch {
  const byteLength = blocks.reduce((sum, block) => sum + block.body.length, 0);
  const states = blocks.map(() => ({ done: false, unknown: false }));
  return { batchId, itemCount, byteLength, blocks, dictionaryKeys, states };
}

const MAGIC = 0x3142_4857; // "WHB1", little-endian

/**
 * The bytes for the log:
 *
 *     +--------+---------------+--------------+------------------------------+
 *     | "WHB1" | u32 length of | header, JSON | bodies of the blocks, in the |
 *     |        | the header    | in UTF-8     | order and size of the header |
 *     +--------+---------------+--------------+------------------------------+
 *
 * Numbers are little-endian.
 */
export function encodeBatch(batch: ClickHouseBatch): Uint8Array[] {
  const header = Buffer.from(
    JSON.stringify({
      batchId: batch.batchId.toString(),
      itemCount: batch.itemCount,
      dictionaryKeys: batch.dictionaryKeys,
      blocks: batch.blocks.map(({ body, ...block }) => ({ ...block, bytes: body.length })),
    }),
  );
  const front = Buffer.alloc(8);
  front.writeUInt32LE(MAGIC, 0);
  front.writeUInt32LE(header.length, 4);
  return [front, header, ...batch.blocks.map((block) => block.body)];
}

type StoredBlock = Omit<SealedBlock, 'body'> & { readonly bytes: number };

interface StoredHeader {
  readonly batchId: string;
  readonly itemCount: number;
  readonly dictionaryKeys: readonly string[];
  readonly blocks: readonly StoredBlock[];
}

/**
 * The inverse of {@link encodeBatch}. Throws on anything that it did not write: NewerForm when
 * that of a newer version may have.
 */
export function decodeBatch(bytes: Uint8Array): ClickHouseBatch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
  if (/^WHB[2-9]$/.test(mark)) {
    throw new NewerForm(`cannot read a sealed batch: a newer version wrote it (mark "${mark}")`);
  }
  if (bytes.length < 8 || view.getUint32(0, true) !== MAGIC) {
    throw new Error('cannot read a sealed batch: it does not begin with its mark "WHB1"');
  }
  const headerEnd = 8 + view.getUint32(4, true);
  if (headerEnd > bytes.length) throw new Error('cannot read a sealed batch: header is cut off');
  const header = JSON.parse(Buffer.from(bytes.subarray(8, headerEnd)).toString()) as StoredHeader;
  let at = headerEnd;
  const blocks = header.blocks.map(({ bytes: size, ...block }) => {
    const body = bytes.subarray(at, at + size);
    at += size;
    return { ...block, body };
  });
  if (at !== bytes.length) {
    throw new Error(`cannot read a sealed batch: ${bytes.length} bytes, header says ${at}`);
  }
  return newBatch(BigInt(header.batchId), header.itemCount, blocks, header.dictionaryKeys);
}
