import { spanId, traceId } from './spans.ts';

/** What is the same in the rows of {@link usualRows}. */
export interface UsualRows {
  readonly trace: number;
  readonly count: number;
  /** String attributes of each. */
  readonly attributes: number;
}

/**
 * The answer to a statement for the usual columns of spans, in RowBinary, without an engine: spans
 * of one trace from the newest to the oldest, each the child of the one before, none joined.
 */
export function usualRows({ trace, count, attributes }: UsualRows): Uint8Array {
  const strings = Array.from({ length: attributes }, (_, i) => [text(`key ${i}`), text('value')]);
  const noMap = Buffer.of(0);
  const [none, id] = [uint64(0n), Buffer.from(traceId(trace), 'hex')];
  const head = [text('shop'), text('op'), Buffer.of(1, 0), text(''), Buffer.alloc(4)];
  const sets = [none, none, none, none];
  const tail = [Buffer.of(attributes), ...strings.flat(), noMap, noMap, noMap, noMap, noMap, noMap];
  const rest = Buffer.concat([...head, ...sets, ...tail, Buffer.of(0), Buffer.of(0)]);
  const rows: Buffer[] = [];
  for (let n = count; n > 0; n--) {
    const ids = [id, Buffer.from(spanId(n), 'hex'), Buffer.from(spanId(n - 1), 'hex')];
    rows.push(...ids, uint64(BigInt(n)), uint64(5n), rest);
  }
  return Buffer.concat(rows);
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** Less than 128 bytes. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(Buffer.byteLength(value)), Buffer.from(value)]);
}
