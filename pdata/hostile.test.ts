/** Requests made to be slow: twice the bytes may take twice the steps, not four times. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stepsOf } from '../testing/steps.ts';
import { parseJson } from './json.ts';

const many = (text: string, count: number): string => Array(count).fill(text).join();
const span = (fields: string): string =>
  `{"resourceSpans":[{"scopeSpans":[{"spans":[{${fields}}]}]}]}`;
const metric = (fields: string): string =>
  `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{${fields}}]}]}]}`;

/** @param work reads a request that grows with `size`, which is made before */
function growsLinearly(make: (size: number) => () => void, size = 300): void {
  const [small, large] = [make(size), make(size * 4)];
  small();
  large();
  const ratio = stepsOf(large) / stepsOf(small);
  assert.ok(ratio < 6, `4 times the bytes take ${ratio.toFixed(1)} times the steps`);
}

const json = (signal: 'traces' | 'metrics', text: (size: number) => string) => (size: number) => {
  const bytes = new TextEncoder().encode(text(size));
  return () => void parseJson(signal, bytes);
};

describe('hostile JSON', () => {
  it('reads keys that repeat behind a long list', () => {
    growsLinearly(
      json('traces', (n) => span(`"attributes":[${many('{}', n)}],${many('"name":""', n)}`)),
    );
  });

  it('reads lists and messages that repeat', () => {
    growsLinearly(
      json('traces', (n) =>
        span(`"events":[${many('{}', n)}],${many('"attributes":[{}],"status":{}', n)}`),
      ),
    );
  });

  it('reads data of a metric that repeats', () => {
    growsLinearly(
      json('metrics', (n) =>
        metric(`"metadata":[${many('{}', n)}],${many('"sum":{},"gauge":{"dataPoints":[]}', n)}`),
      ),
    );
  });

  it('reads keys that repeat at each depth', () => {
    const value = (depth: number, n: number): string =>
      depth === 0
        ? '{"stringValue":""}'
        : `{"arrayValue":{"values":[${many('{}', n)}]},${many(
            `"arrayValue":{"values":[${value(depth - 1, n)}]}`,
            2,
          )}}`;
    growsLinearly(
      json('traces', (n) => span(`"attributes":[{"key":"k","value":${value(3, n)}}]`)),
      50,
    );
  });
});
