import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, bytes, count, duration, parseDuration, percent, rate } from './format.ts';

test('durations have three digits and the unit they fit', () => {
  const cases: [number, string][] = [
    [0, '0 ns'],
    [999, '999 ns'],
    [1000, '1 µs'],
    [999_600, '1 ms'],
    [1_240_000, '1.24 ms'],
    [-3000, '-3 µs'],
    [100e6, '100 ms'],
    [59.99e9, '1 min'],
    [90e9, '1.5 min'],
    [7200e9, '2 h'],
    [10 * 86_400e9, '10 d'],
  ];
  for (const [ns, text] of cases) assert.equal(duration(ns), text, String(ns));
});

test('counts, rates, parts and bytes', () => {
  assert.deepEqual([0, 950, 1234, 999_999, 3_450_000].map(count), [
    '0',
    '950',
    '1.23 k',
    '1 M',
    '3.45 M',
  ]);
  assert.deepEqual([0, 0.001, 0.5, 12.34].map(rate), ['0/s', '<0.01/s', '0.5/s', '12.3/s']);
  assert.deepEqual([0, 0.0001, 0.015, 0.9999, 1, Number.NaN].map(percent), [
    '0 %',
    '<0.1 %',
    '1.5 %',
    '>99.9 %',
    '100 %',
    '–',
  ]);
  assert.deepEqual([0, 1023, 1024, 1.5 * 2 ** 20].map(bytes), [
    '0 B',
    '1023 B',
    '1 KiB',
    '1.5 MiB',
  ]);
});

test('how long ago', () => {
  const now = 1_700_000_000_000;
  const at = (ms: number) => ago(String(BigInt(now - ms) * 1_000_000n), now);
  assert.deepEqual([200, 5000, 200_000, 7_200_000, -5000].map(at), [
    'just now',
    '5 s ago',
    '3 min ago',
    '2 h ago',
    'in 5 s',
  ]);
});

test('durations that people type', () => {
  assert.equal(parseDuration('100ms'), 100e6);
  assert.equal(parseDuration(' 1.5 s '), 1.5e9);
  assert.equal(parseDuration('250us'), 250e3);
  assert.equal(parseDuration('20'), 20e6);
  assert.equal(parseDuration('2m'), 120e9);
  for (const bad of ['', 'x', '-1s', '1 week', '1e9s']) assert.equal(parseDuration(bad), undefined);
});
