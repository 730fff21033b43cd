/** Which tags are stored, for those who write a search. */

/** Which spans the tags are of. */
export interface TagScope {
  /** Any of these; empty = all. */
  readonly services: readonly string[];
  /** Span start, nanoseconds since 1970, inclusive. */
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** `field`: a name that stands for a column of the span, see `fields.ts`. */
export type TagPlace = 'span' | 'resource' | 'scope' | 'event' | 'link' | 'field';

/** A key that is offered, and where spans have it. */
export interface TagKey {
  readonly key: string;
  readonly places: readonly TagPlace[];
  /** Spans of the sample that have it; 0 for what is known from elsewhere. */
  readonly spans: number;
}

/** Keys that are offered. */
export interface TagKeys {
  /** Most frequent first. */
  readonly keys: readonly TagKey[];
  /** How many spans were looked at: some of the newest. */
  readonly sampledSpans: number;
}

/** A value that is offered. */
export interface TagValue {
  readonly value: string;
  /** Spans of the sample that have it; 0 for what is known from elsewhere. */
  readonly spans: number;
}

/** Values that are offered, {@link maxValues} at most. */
export interface TagValues {
  /** Those that begin with the text first, then most frequent first. */
  readonly values: readonly TagValue[];
  /** How many spans with the key were looked at. */
  readonly sampledSpans: number;
  /** True when more were found than are given. */
  readonly truncated: boolean;
}

/**
 * Keys and values of tags out of a sample of the newest spans and out of the dictionaries: what is
 * rare may be missing. Answers are kept for some seconds and shared. Rejects with ReadError.
 */
export interface TagReader {
  keys(scope: TagScope): Promise<TagKeys>;
  /** @param text values that contain it, upper and lower case the same; '' = all */
  values(key: string, scope: TagScope, text: string): Promise<TagValues>;
}

/** Values that one answer has at most. */
export const maxValues = 200;
/** Longer ones, in bytes, are left out: nobody chooses them from a list. */
export const maxValueBytes = 1_000;

/** Values in the order that they are offered. */
export function rankValues(
  counts: ReadonlyMap<string, number>,
  text: string,
  sampledSpans: number,
): TagValues {
  const wanted = text.toLowerCase();
  const begins = (value: string): number => (value.toLowerCase().startsWith(wanted) ? 0 : 1);
  const values = [...counts]
    .filter(([value]) => value.toLowerCase().includes(wanted))
    .map(([value, spans]) => ({ value, spans, rank: begins(value) }))
    .sort((a, b) => a.rank - b.rank || b.spans - a.spans || (a.value < b.value ? -1 : 1))
    .map(({ value, spans }): TagValue => ({ value, spans }));
  const truncated = values.length > maxValues;
  return { values: values.slice(0, maxValues), sampledSpans, truncated };
}

/** Keys, most frequent first. */
export function rankKeys(
  found: ReadonlyMap<string, { readonly places: ReadonlySet<TagPlace>; readonly spans: number }>,
  sampledSpans: number,
): TagKeys {
  const keys = [...found]
    .map(([key, { places, spans }]): TagKey => ({ key, places: [...places], spans }))
    .sort((a, b) => b.spans - a.spans || (a.key < b.key ? -1 : 1));
  return { keys, sampledSpans };
}

/** Values of the fields that have few. */
export const fieldValues: ReadonlyMap<string, readonly string[]> = new Map([
  ['error', ['true', 'false']],
  ['span.kind', ['server', 'client', 'internal', 'producer', 'consumer', 'unspecified']],
  ['otel.status_code', ['ERROR', 'OK', 'UNSET']],
]);
