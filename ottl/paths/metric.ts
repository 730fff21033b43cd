import { setUintField } from '../../pdata/overlay.ts';
import { DataKind } from '../../pdata/readers.ts';
import { OttlRuntimeError } from '../errors.ts';
import type { Place } from '../place.ts';
import { OttlOpaque, type OttlValue, typeName } from '../values.ts';
import { dataView, metricView, type PathAccess } from './access.ts';
import { attributesAccess } from './attributes.ts';
import { expectBool, expectInt, setIntField, textField } from './fields.ts';
import { repeated } from './parts.ts';
import { type Segment, unknownSegment } from './segments.ts';

/** Numbers of METRIC_DATA_TYPE_* by the field that holds the data. */
const types: Readonly<Record<number, bigint>> = { 0: 0n, 5: 1n, 7: 2n, 9: 3n, 10: 4n, 11: 5n };

const sliceTypes: Readonly<Record<number, string>> = {
  5: 'pmetric.NumberDataPointSlice',
  7: 'pmetric.NumberDataPointSlice',
  9: 'pmetric.HistogramDataPointSlice',
  10: 'pmetric.ExponentialHistogramDataPointSlice',
  11: 'pmetric.SummaryDataPointSlice',
};

const temporality = 2;
const monotonic = 3;

function kindOf(place: Place): number {
  return place.walk.dataKind ?? 0;
}

function hasTemporality(kind: number): boolean {
  return kind === DataKind.sum || kind === DataKind.histogram || kind === 10;
}

const temporalityPath: PathAccess = {
  isLiteral: false,
  get(place) {
    return hasTemporality(kindOf(place)) ? BigInt(dataView(place).uint(temporality)) : null;
  },
  set(place, value) {
    const number = BigInt.asIntN(32, expectInt(value));
    if (hasTemporality(kindOf(place))) setIntField(dataView(place), temporality, number);
  },
};

const monotonicPath: PathAccess = {
  isLiteral: false,
  get(place) {
    return kindOf(place) === DataKind.sum ? dataView(place).uint(monotonic) !== 0 : null;
  },
  set(place, value) {
    const flag = expectBool(value);
    if (kindOf(place) === DataKind.sum) setUintField(dataView(place), monotonic, flag ? 1 : 0);
  },
};

const typePath: PathAccess = {
  isLiteral: false,
  get: (place) => types[kindOf(place)] ?? 0n,
  set() {},
};

const pointsPath: PathAccess = {
  isLiteral: false,
  get(place): OttlValue {
    const type = sliceTypes[kindOf(place)];
    return type === undefined ? null : new OttlOpaque(type, repeated(dataView(place), 1));
  },
  set(place, value) {
    const type = sliceTypes[kindOf(place)];
    if (type === undefined) return;
    if (!(value instanceof OttlOpaque) || value.kind !== type) {
      throw new OttlRuntimeError(`expects ${type} but got ${typeName(value)}`);
    }
    const own = repeated(dataView(place), 1);
    const same = own.length === value.messages.length;
    if (same && own.every((point, i) => Buffer.compare(point, value.messages[i]!) === 0)) return;
    throw new OttlRuntimeError('cannot set metric.data_points to points of another metric');
  },
};

/** `metric.` paths. */
export function metricPath(segment: Segment): PathAccess {
  switch (segment.name) {
    case 'name':
      return textField(metricView, 1);
    case 'description':
      return textField(metricView, 2);
    case 'unit':
      return textField(metricView, 3);
    case 'type':
      return typePath;
    case 'aggregation_temporality':
      return temporalityPath;
    case 'is_monotonic':
      return monotonicPath;
    case 'data_points':
      return pointsPath;
    case 'metadata':
      return attributesAccess(metricView, segment.keys());
    default:
      throw unknownSegment(segment.name, segment.path, 'metric');
  }
}
