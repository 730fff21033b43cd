import type {
  ExponentialPoint,
  HistogramPoint,
  MetricData,
  Point,
  Value,
  ValueMap,
} from '../objects/index.ts';

/** A value as JSON: integers and doubles of the same value are the same, bytes are base64. */
function jsonOf(value: Value): string {
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (Array.isArray(value)) return `[${value.map(jsonOf).join()}]`;
  if (value instanceof Map) return mapJson(value);
  return JSON.stringify(value);
}

function mapJson(map: ValueMap): string {
  const parts = [...map].map(([key, value]) => `${JSON.stringify(key)}:${jsonOf(value)}`);
  return `{${parts.sort().join()}}`;
}

const delta = 1;

/** What points must have in common, beside attributes and time, to become one. */
function kindKey(data: MetricData, point: Point): string {
  const start =
    'aggregationTemporality' in data && data.aggregationTemporality === delta
      ? `,${point.startTimeUnixNano}`
      : '';
  if (data.kind === 'histogram') {
    const { explicitBounds, min, max, flags } = point as HistogramPoint;
    return `${explicitBounds.join()}${start},${min !== undefined},${max !== undefined},${flags}`;
  }
  if (data.kind === 'exponential') {
    const { scale, min, max, flags } = point as ExponentialPoint;
    return `${scale},${min !== undefined},${max !== undefined},${flags}${start}`;
  }
  return start;
}

/**
 * Points of metrics of one kind that become one point: those with equal attributes and time, in the
 * order in which they come. Summaries have no groups.
 */
export function groupPoints(metrics: readonly MetricData[]): Point[][] {
  const groups = new Map<string, Point[]>();
  for (const data of metrics) {
    if (data.kind === 'summary' || data.kind === 'none') continue;
    for (const point of data.points) {
      const key = `${mapJson(point.attributes)},${point.timeUnixNano},${kindKey(data, point)}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [point]);
      else group.push(point);
    }
  }
  return [...groups.values()];
}
