import { clearField, replaceFields } from '../../pdata/overlay.ts';
import { Cursor, doubleOf, readHalves, signed64, zigzag } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { DataKind } from '../../pdata/readers.ts';
import { OttlRuntimeError } from '../errors.ts';
import type { Place } from '../place.ts';
import { type OttlValue, typeName } from '../values.ts';
import { itemView, type PathAccess } from './access.ts';
import { attributesAccess } from './attributes.ts';
import {
  doubleField,
  expectDouble,
  expectInt,
  fixed64Field,
  timeField,
  uint32Field,
  unixNanoField,
} from './fields.ts';
import {
  fixedList,
  insideVarint,
  insideVarints,
  messageField,
  repeatedField,
  writeInside,
} from './parts.ts';
import { type Segment, unknownSegment } from './segments.ts';

const view = itemView;

/** Field numbers that differ by kind of point; absent = such points have no such field. */
const numbers = { 5: true, 7: true } as const;
type Shape = 'number' | 'histogram' | 'exponential' | 'summary';
type Fields = Partial<Record<Shape, number>>;

const pointTypes: Readonly<Record<Shape, string>> = {
  number: 'pmetric.NumberDataPoint',
  histogram: 'pmetric.HistogramDataPoint',
  exponential: 'pmetric.ExponentialHistogramDataPoint',
  summary: 'pmetric.SummaryDataPoint',
};

function shapeOf(place: Place): Shape {
  const kind = place.walk.dataKind ?? 0;
  if (kind in numbers) return 'number';
  if (kind === DataKind.histogram) return 'histogram';
  return kind === DataKind.exponentialHistogram ? 'exponential' : 'summary';
}

/**
 * A path whose field depends on the kind of point: nil for points without it, an error when it is
 * set there. @param only named when points of one kind alone have it
 */
function byShape(
  fields: Fields,
  make: (field: number) => PathAccess,
  check: (value: OttlValue) => unknown,
  only?: Shape,
): PathAccess {
  const known = new Map<Shape, PathAccess>();
  for (const [shape, field] of Object.entries(fields)) known.set(shape as Shape, make(field));
  return {
    isLiteral: false,
    get: (place) => known.get(shapeOf(place))?.get(place) ?? null,
    set(place, value) {
      const path = known.get(shapeOf(place));
      if (path !== undefined) path.set(place, value);
      else if (only === undefined) {
        check(value);
        throw new OttlRuntimeError(`unsupported data point type: ${pointTypes[shapeOf(place)]}`);
      } else {
        const got = pointTypes[shapeOf(place)];
        check(value);
        throw new OttlRuntimeError(`expects ${pointTypes[only]} but got ${got}`);
      }
    },
  };
}

const anyShape = { number: 2, histogram: 2, exponential: 2, summary: 2 } as const;
const asDouble = 4;
const asInt = 6;

/** A number point's value as one of its two types; as the other it reads as zero. */
function valuePath(field: number, other: number, path: PathAccess): PathAccess {
  return byShape(
    { number: field },
    () => ({
      isLiteral: false,
      get: (place) => path.get(place),
      set(place, value) {
        path.set(place, value);
        clearField(view(place), other);
      },
    }),
    field === asInt ? expectInt : expectDouble,
    'number',
  );
}

function listOf(
  value: OttlValue,
  type: string,
  is: (element: OttlValue) => boolean,
): readonly OttlValue[] {
  if (!Array.isArray(value)) {
    throw new OttlRuntimeError(
      `cannot set a slice of ${type} from a value type: ${typeName(value)}`,
    );
  }
  const wrong = value.find((element) => !is(element));
  if (wrong === undefined) return value;
  throw new OttlRuntimeError(
    `invalid value type provided for a slice of ${type}: ${typeName(wrong)}`,
  );
}

function packed(field: number, values: readonly OttlValue[], type: 'uint64' | 'float64') {
  const bytes = new Uint8Array(values.length * 8);
  const data = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (type === 'float64') data.setFloat64(i * 8, value as number, true);
    else data.setBigUint64(i * 8, BigInt.asUintN(64, value as bigint), true);
  });
  const w = new Writer(bytes.length + 16);
  if (bytes.length > 0) w.bytesField(field, bytes);
  return w.take();
}

const isInt = (value: OttlValue): boolean => typeof value === 'bigint';
const isDouble = (value: OttlValue): boolean => typeof value === 'number';

function packedPath(field: number, type: 'uint64' | 'float64'): PathAccess {
  const read = type === 'float64' ? doubleOf : signed64;
  return {
    isLiteral: false,
    get: (place) => fixedList(view(place), field, read),
    set(place, value) {
      const list = listOf(value, type, type === 'float64' ? isDouble : isInt);
      replaceFields(view(place), field, packed(field, list, type));
    },
  };
}

function sint32At(bytes: Uint8Array, at: number): number {
  const c = new Cursor(bytes, at);
  readHalves(c);
  return zigzag(c.lo);
}

function zigzagField(field: number, value: bigint): Uint8Array {
  const number = Number(BigInt.asIntN(32, value));
  const w = new Writer(16);
  if (number !== 0) w.sint32Field(field, number);
  return w.take();
}

const scalePath: PathAccess = {
  isLiteral: false,
  get(place) {
    return BigInt(zigzag(view(place).uint(6)));
  },
  set: (place, value) => replaceFields(view(place), 6, zigzagField(6, expectInt(value))),
};

function offsetPath(outer: number): PathAccess {
  return {
    isLiteral: false,
    get: (place) => BigInt(insideVarint(view(place), outer, 1, sint32At)),
    set(place, value) {
      writeInside(view(place), outer, 1, zigzagField(1, expectInt(value)));
    },
  };
}

function bucketsPath(outer: number): PathAccess {
  return {
    isLiteral: false,
    get: (place) => insideVarints(view(place), outer, 2),
    set(place, value) {
      const inner = new Writer(256);
      for (const count of listOf(value, 'uint64', isInt)) {
        const bits = BigInt.asUintN(64, count as bigint);
        inner.varintHalves(Number(bits & 0xffff_ffffn), Number(bits >> 32n));
      }
      const w = new Writer(inner.length + 16);
      if (inner.length > 0) w.bytesField(2, inner.take());
      writeInside(view(place), outer, 2, w.take());
    },
  };
}

/** `positive` and `negative`. */
function side(segment: Segment, outer: number): PathAccess {
  const next = segment.step();
  const only = (make: (field: number) => PathAccess): PathAccess =>
    byShape({ exponential: outer }, make, () => {}, 'exponential');
  if (next === undefined) {
    return only((field) =>
      messageField(view, field, 'pmetric.ExponentialHistogramDataPointBuckets'),
    );
  }
  if (next.name === 'offset') return only(offsetPath);
  if (next.name === 'bucket_counts') return only(bucketsPath);
  throw unknownSegment(next.name, segment.path, 'datapoint');
}

const counts: Fields = { histogram: 4, exponential: 4, summary: 4 };
const flags: Fields = { number: 8, histogram: 10, exponential: 10, summary: 8 };
const exemplars: Fields = { number: 5, histogram: 8, exponential: 11 };
const nothing = (): void => {};

const paths: Readonly<Record<string, (segment: Segment) => PathAccess>> = {
  attributes: (segment) => attributesAccess(view, segment.keys()),
  start_time_unix_nano: () => unixNanoField(view, anyShape.number),
  time_unix_nano: () => unixNanoField(view, 3),
  start_time: () => timeField(view, anyShape.number),
  time: () => timeField(view, 3),
  value_double: () => valuePath(asDouble, asInt, doubleField(view, asDouble)),
  value_int: () => valuePath(asInt, asDouble, fixed64Field(view, asInt)),
  exemplars: () =>
    byShape(exemplars, (field) => repeatedField(view, field, 'pmetric.ExemplarSlice'), nothing),
  flags: () => byShape(flags, (field) => uint32Field(view, field), expectInt),
  count: () => byShape(counts, (field) => fixed64Field(view, field), expectInt),
  sum: () =>
    byShape(
      { histogram: 5, exponential: 5, summary: 5 },
      (f) => doubleField(view, f),
      expectDouble,
    ),
  bucket_counts: () =>
    byShape({ histogram: 6 }, (f) => packedPath(f, 'uint64'), nothing, 'histogram'),
  explicit_bounds: () =>
    byShape({ histogram: 7 }, (f) => packedPath(f, 'float64'), nothing, 'histogram'),
  scale: () => byShape({ exponential: 6 }, () => scalePath, expectInt, 'exponential'),
  zero_count: () =>
    byShape({ exponential: 7 }, (f) => fixed64Field(view, f), expectInt, 'exponential'),
  positive: (segment) => side(segment, 8),
  negative: (segment) => side(segment, 9),
  quantile_values: () =>
    byShape(
      { summary: 6 },
      (f) => repeatedField(view, f, 'pmetric.SummaryDataPointValueAtQuantileSlice'),
      nothing,
      'summary',
    ),
};

/** `datapoint.` paths. */
export function datapointPath(segment: Segment): PathAccess {
  const make = paths[segment.name];
  if (make === undefined) throw unknownSegment(segment.name, segment.path, 'datapoint');
  return make(segment);
}
