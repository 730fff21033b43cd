import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import { Writer } from '../../pdata/proto/writer.ts';
import { decodeFrames, decodeSamples } from '../../wire/prometheus/remote-read/testing/decode.ts';
import { type RemoteReadOptions, remoteRead } from './read.ts';
import { FakeReader } from './testing/reader.ts';

interface Asked {
  readonly jobs?: readonly string[];
  readonly accepted?: readonly number[];
  readonly regexp?: string;
  readonly startMs?: number;
}

function body({ jobs = ['a'], accepted = [], regexp, startMs = 0 }: Asked): Uint8Array {
  const w = new Writer();
  for (const job of jobs) {
    const at = w.open(1);
    w.intField(1, startMs);
    w.intField(2, 10_000);
    const matcher = w.open(3);
    w.uintField(1, regexp === undefined ? 0 : 2);
    w.stringField(2, 'job');
    w.stringField(3, regexp ?? job);
    w.close(matcher);
    w.close(at);
  }
  for (const form of accepted) w.uintField(2, form);
  return w.take();
}

class Bytes {
  used = 0;
  most: number;

  constructor(most: number) {
    this.most = most;
  }

  tryReserve(bytes: number): boolean {
    if (this.used + bytes > this.most) return false;
    this.used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.used -= bytes;
  }
}

function reader(): FakeReader {
  const fake = new FakeReader();
  for (const job of ['a', 'b']) {
    const points = Array.from({ length: 300 }, (_, i): [number, number] => [i * 15, i / 3]);
    fake.add({ __name__: 'm', job }, points);
  }
  return fake;
}

function options(change: Partial<RemoteReadOptions> = {}): RemoteReadOptions & { memory: Bytes } {
  return {
    reader: reader(),
    maxSamples: 1000,
    maxResponseBytes: 100_000,
    compress: (parts) => Buffer.concat(parts),
    crc32c,
    memory: new Bytes(1_000_000),
    pause: async () => {},
    ...change,
  } as RemoteReadOptions & { memory: Bytes };
}

async function answered(given: RemoteReadOptions & { memory: Bytes }, asked: Asked) {
  const answer = await remoteRead(given, body(asked));
  const pieces: Uint8Array[] = [];
  for await (const piece of answer.pieces) pieces.push(piece);
  assert.ok(given.memory.used > 0);
  answer.release();
  assert.equal(given.memory.used, 0);
  return { ...answer, bytes: Buffer.concat(pieces) };
}

test('samples unless frames are asked for first', async () => {
  for (const accepted of [[], [0], [0, 1], [9, 0]]) {
    const { bytes, contentEncoding } = await answered(options(), {
      jobs: ['b', 'x', 'a'],
      accepted,
    });
    assert.equal(contentEncoding, 'snappy');
    const results = decodeSamples(bytes);
    assert.deepEqual(
      results.map((all) => all.map(({ labels, times }) => [labels[1]![1], times.length])),
      [[['b', 300]], [], [['a', 300]]],
    );
  }
  for (const accepted of [[1], [1, 0], [7, 1, 0]]) {
    const { bytes, contentEncoding } = await answered(options(), { jobs: ['b', 'a'], accepted });
    assert.equal(contentEncoding, undefined);
    const frames = decodeFrames(bytes, crc32c);
    assert.deepEqual(
      frames.map(({ query, labels, times }) => [query, labels[1]![1], times.length]),
      [
        [0, 'b', 300],
        [1, 'a', 300],
      ],
    );
  }
});

test('histograms are sent as samples to whom takes them', async () => {
  const fake = reader();
  const none = { offset: 0, counts: [] };
  const counts = { stale: false, count: 1, sum: 1, zeroCount: 1, zeroThreshold: 0 };
  const point = { ...counts, timeMs: 5, startMs: 0, scale: 0, positive: none, negative: none };
  fake.histograms.push({
    labels: [
      ['__name__', 'h'],
      ['job', 'a'],
    ],
    points: [point],
  });
  const names = (answer: { bytes: Buffer }) =>
    decodeSamples(answer.bytes)[0]!.map(({ labels }) => labels[0]![1]);
  for (const accepted of [[], [1, 0]]) {
    const answer = await answered(options({ reader: fake }), { accepted });
    assert.equal(answer.contentEncoding, 'snappy');
    assert.deepEqual(names(answer), ['m', 'h']);
  }
  const frames = await answered(options({ reader: fake }), { accepted: [1] });
  assert.equal(decodeFrames(frames.bytes, crc32c).length, 1);
  const limit = { reader: fake, maxSamples: 300 };
  await assert.rejects(remoteRead(options(limit), body({})), { reason: 'too_broad' });
});

test('limits are refusals with a text, and keep no memory', async () => {
  const refused = async (change: Partial<RemoteReadOptions>, asked: Asked, wanted: object) => {
    const given = options(change);
    await assert.rejects(remoteRead(given, body(asked)), wanted);
    assert.equal(given.memory.used, 0);
  };
  const tooBroad = (what: string) => ({
    reason: 'too_broad',
    message: `cannot answer: more than ${what}; ask for less at once`,
  });
  const both = { jobs: ['a', 'b'] };
  await refused({ maxSamples: 599 }, both, tooBroad('599 samples'));
  await refused({ maxResponseBytes: 1000 }, both, tooBroad('1000 bytes'));
  const full = { reason: 'unavailable', message: 'cannot answer: no memory now, try again later' };
  await refused({ memory: new Bytes(6000) }, both, full);
  await refused({ memory: new Bytes(12_000) }, both, full);
  const bad = (message: string | RegExp) => ({ type: 'bad_data', message });
  await refused({}, { regexp: 'a(' }, bad('error parsing regexp: missing closing ): `a(`'));
  const form = 'cannot answer in any of the response types 5, 9: 0 and 1 are known';
  await refused({}, { accepted: [5, 9] }, bad(form));
  const message = 'cannot read the request: length 3 of 0 bytes that are left at byte 2';
  await assert.rejects(remoteRead(options(), Buffer.from('0a03', 'hex')), bad(message));
});

test('a time that ends before it begins holds nothing and asks nobody', async () => {
  const fake = reader();
  const given = options({ reader: fake });
  const { pieces, release } = await remoteRead(given, body({ startMs: 20_000 }));
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  release();
  assert.deepEqual(decodeSamples(Buffer.concat(all)), [[]]);
  assert.deepEqual(fake.asked, []);
});
