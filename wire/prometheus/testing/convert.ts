import assert from 'node:assert/strict';
import { decodeMetrics } from '../../../pdata/objects/index.ts';
import { parseRequest } from '../../../pdata/parse.ts';
import type { Attributes } from '../otlp/targets.ts';
import { type Converted, type TargetMemory, toOtlp } from '../otlp/to-otlp.ts';
import { readWriteRequest } from '../remote-write/read.ts';
import { message2, type TestSeries } from './message.ts';

/** Remembers targets without a limit. */
export function memory(): TargetMemory {
  const kept = new Map<string, Attributes>();
  return {
    recall: (job, instance) => kept.get(`${job} ${instance}`),
    remember: (job, instance, attributes) => void kept.set(`${job} ${instance}`, attributes),
  };
}

/** What a request of version 2.0 with these series becomes. */
export function convert(series: readonly TestSeries[], targets = memory(), limit = 1e9): Converted {
  const { request, faults } = readWriteRequest(message2(series), 2);
  assert.deepEqual(faults, []);
  return toOtlp(request, targets, limit);
}

/** Metrics with kind and points; labels of points as one text. */
export function metricsOf({ batch }: Converted) {
  if (batch === undefined) return [];
  parseRequest('metrics', Buffer.concat(batch.ranges())); // the bytes are a valid request
  return decodeMetrics(batch).flatMap(({ resource, scopes }) =>
    scopes.flatMap(({ scope, items }) =>
      items.map(({ name, unit, description, metadata, data }) => ({
        resource: Object.fromEntries(resource.attributes),
        scope: scope.name,
        name,
        unit,
        description,
        type: metadata.get('prometheus.type'),
        data,
      })),
    ),
  );
}

/** Labels of a target. */
export const target = { instance: 'host:1', job: 'shop/cart' };
/** Milliseconds as nanoseconds. */
export const ms = (time: number): bigint => BigInt(time) * 1_000_000n;
