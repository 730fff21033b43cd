/** Requests of spans that carry a running number as their span id. */
import {
  attributes,
  bytes,
  fixed64,
  message,
  number,
  string,
} from '../../wire/clickhouse/testing/otlp-model.ts';

const services = ['front', 'cart', 'stock', 'pay'];

function idOf(value: number, size: number): Uint8Array {
  const id = Buffer.alloc(size);
  id.writeUIntBE(value + 1, size - 6, 6);
  return id;
}

/** The number in a span id of {@link numberedRequest}, given as hexadecimal. */
export function numberOf(spanId: string): number {
  return Number.parseInt(spanId.slice(-12), 16) - 1;
}

/**
 * `count` spans from number `first` on, traces of four: one span in each service, each the child
 * of the one before. @param agoMs how long ago they began
 */
export function numberedRequest(first: number, count: number, agoMs = 0): Uint8Array {
  const now = BigInt(Date.now() - agoMs) * 1_000_000n;
  const groups = services.map((service, at) => {
    const spans: Uint8Array[] = [];
    for (let i = first; i < first + count; i++) {
      if (i % services.length === at) spans.push(span(i, at, now));
    }
    const resource = attributes(1, [['service.name', { string: service }]]);
    return message(1, message(1, resource), message(2, message(1, string(1, 'crash')), ...spans));
  });
  return new Uint8Array(Buffer.concat(groups));
}

function span(i: number, at: number, now: bigint): Uint8Array {
  return message(
    2,
    bytes(1, idOf(Math.floor(i / services.length), 16)),
    bytes(2, idOf(i, 8)),
    at === 0 ? new Uint8Array(0) : bytes(4, idOf(i - 1, 8)),
    string(5, `operation ${i % 40}`),
    number(6, at === 0 ? 2 : 3),
    fixed64(7, now + BigInt(i % 1000) * 1000n),
    fixed64(8, now + BigInt(i % 1000) * 1000n + 5_000_000n),
    attributes(9, [
      ['item', { int: BigInt(i) }],
      ['path', { string: `/api/${i % 97}` }],
    ]),
    message(15, number(3, i % 50 === 0 ? 2 : 0)),
  );
}
