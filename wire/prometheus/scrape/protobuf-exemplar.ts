import type { CheckedReader } from '../../../pdata/proto/checked-reader.ts';
import type { ExposedExemplar } from './exposition.ts';
import { sortedPairs } from './label-block.ts';
import { readInside, readLabel } from './protobuf-fields.ts';

/** An exemplar as its message has it. */
export interface PlainExemplar {
  readonly labels: [string, string][];
  value: number;
  timeMs: number | undefined;
}

/** Reads io.prometheus.client.Exemplar at its length; one without a time has undefined. */
export function readExemplar(input: CheckedReader): PlainExemplar {
  const exemplar: PlainExemplar = { labels: [], value: 0, timeMs: undefined };
  readInside(input, (inner, tag) => {
    if (tag === 10) exemplar.labels.push(readLabel(inner));
    else if (tag === 17) exemplar.value = inner.double();
    else if (tag === 26) exemplar.timeMs = readTime(inner);
    else inner.skip(tag);
  });
  return exemplar;
}

/** @returns milliseconds */
function readTime(input: CheckedReader): number {
  let seconds = 0;
  let nanos = 0;
  readInside(input, (inner, tag) => {
    if (tag === 8) seconds = inner.int64();
    else if (tag === 16) nanos = inner.int64();
    else inner.skip(tag);
  });
  return seconds * 1000 + Math.trunc(nanos / 1e6);
}

/** The exemplar with its labels in the order of their names. */
export function exposed({ labels, value, timeMs }: PlainExemplar): ExposedExemplar {
  return { labels: sortedPairs([...labels]), value, timeMs };
}
