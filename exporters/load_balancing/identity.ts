import { Fnv1a64 } from '../../pdata/hash/fnv.ts';
import { mapHash } from '../../pdata/hash/map-hash.ts';
import type { ValueMap } from '../../pdata/objects/index.ts';

export { attributesOf, mapHash } from '../../pdata/hash/map-hash.ts';

/*
 * Names of resources and streams of data points, the same as the Go collector's: routes by them
 * agree in fleets of both programs (internal/exp/metrics/identity of its contrib 0.155).
 */

function hex({ hi, lo }: Fnv1a64): string {
  return ((BigInt(hi) << 32n) | BigInt(lo)).toString(16);
}

/** What names a resource. */
export function resourceName(attributes: ValueMap): string {
  const hash = new Fnv1a64();
  hash.bytes(mapHash(attributes));
  return `resource/${hex(hash)}`;
}

/** What names a stream: its metric's part, to which the hash of a point's attributes is added. */
export interface MetricIdentity {
  readonly resource: Uint8Array;
  readonly scope: { readonly name: string; readonly version: string; readonly hash: Uint8Array };
  readonly name: string;
  readonly unit: string;
  /** 1 gauge, 2 sum, 3 histogram, 4 exponential histogram, 5 summary. */
  readonly type: number;
  readonly isMonotonic: boolean;
  readonly temporality: number;
}

/** What names the stream of a point with these attributes, whatever their order. */
export function streamName(metric: MetricIdentity, attributes: ValueMap): string {
  const hash = new Fnv1a64();
  const text = (value: string) => hash.bytes(Buffer.from(value, 'utf8'));
  hash.bytes(metric.resource);
  text(metric.scope.name);
  text(metric.scope.version);
  hash.bytes(metric.scope.hash);
  text(metric.name);
  text(metric.unit);
  hash.byte(metric.type);
  hash.byte(metric.isMonotonic ? 1 : 0);
  hash.byte(metric.temporality);
  hash.bytes(mapHash(attributes));
  return `stream/${hex(hash)}`;
}
