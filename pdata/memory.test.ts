/** What reading a request takes beside it is asked for, and is not many times its size. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { parseJson } from './json.ts';
import { defaultLimits, parseRequest } from './parse.ts';

class Meter {
  reserved = 0;
  readonly #most: number;

  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  reserve(bytes: number): void {
    if (this.reserved + bytes > this.#most) throw new RangeError('no room');
    this.reserved += bytes;
  }

  release(bytes: number): void {
    assert.ok(bytes <= this.reserved);
    this.reserved -= bytes;
  }
}

const histogram = (buckets: number): Uint8Array =>
  new TextEncoder().encode(
    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":[${Array(buckets).fill(0).join()}]}]}}]}]}]}`,
  );

/** A request whose scope comes after `fields` fields of two bytes. */
function late(fields: number): Uint8Array {
  const length = (bytes: number): number[] => [
    (bytes & 127) | 128,
    ((bytes >> 7) & 127) | 128,
    ((bytes >> 14) & 127) | 128,
    bytes >> 21,
  ];
  const wrap = (tag: number, body: Buffer): Buffer =>
    Buffer.concat([Buffer.from([tag, ...length(body.length)]), body]);
  const spans = Buffer.alloc(fields * 2);
  for (let i = 0; i < spans.length; i += 2) spans[i] = 18;
  return wrap(10, wrap(18, Buffer.concat([spans, Buffer.from([10, 2, 10, 0])])));
}

describe('memory for reading', () => {
  it('is asked for when JSON becomes longer as protobuf', () => {
    const body = histogram(100_000);
    const meter = new Meter();
    const batch = parseJson('metrics', body, { ...defaultLimits, memory: meter });
    assert.ok(batch.byteLength > 3 * body.length);
    assert.equal(meter.reserved, batch.backingBytes);
    const tight = { ...defaultLimits, memory: new Meter(2 * body.length) };
    assert.throws(() => parseJson('metrics', body, tight), /no room/);
  });

  it('is given back when the protobuf is much shorter', () => {
    const body = new TextEncoder().encode(`{"resourceSpans":[{}],"x":"${'y'.repeat(10_000)}"}`);
    const meter = new Meter();
    const batch = parseJson('traces', body, { ...defaultLimits, memory: meter });
    assert.equal(meter.reserved, batch.byteLength);
  });

  it('is asked for when a request is brought into order', () => {
    const body = late(1000);
    const meter = new Meter();
    const batch = parseRequest('traces', body, { ...defaultLimits, memory: meter });
    assert.equal(batch.itemCount, 1000);
    assert.equal(meter.reserved, batch.backingBytes);
    const tight = { ...defaultLimits, memory: new Meter(1000) };
    assert.throws(() => parseRequest('traces', body, tight), /no room/);
  });

  it('does not grow with the number of fields that are out of order', async () => {
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData.url).then(({ parseRequest }) => {
        parentPort.postMessage(parseRequest('traces', workerData.body).itemCount);
      });`;
    const url = new URL('./parse.ts', import.meta.url).href;
    const worker = new Worker(code, {
      eval: true,
      workerData: { url, body: late(1_000_000) },
      resourceLimits: { maxOldGenerationSizeMb: 32 },
    });
    const items = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    assert.equal(items, 1_000_000);
    await worker.terminate();
  });
});
