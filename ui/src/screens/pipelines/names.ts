import type { NodeState } from '../../../../query/web/contract/pipelines.ts';
import { bytes, count } from '../../parts/format.ts';

/** `exporter/otlp_grpc@traces` as `otlp_grpc`. @param name of a node */
export function shortName(name: string): string {
  return name.slice(name.indexOf('/') + 1).replace(/@[^@]*$/, '');
}

/** `12 of 1 k`, or in bytes `141 KiB of 256 MiB`. */
export function fillText({ size, capacity, unit }: NonNullable<NodeState['queue']>): string {
  const text = unit === 'bytes' ? bytes : count;
  return `${text(size)} of ${text(capacity)}`;
}
