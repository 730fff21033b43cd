/** Data points in files of the file exporter, for tests with real senders. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface Point {
  readonly attributes?: readonly Attribute[];
  readonly timeUnixNano: string;
  readonly asInt?: string;
  readonly asDouble?: number;
}

/** `name{tag=value,...} time` with the tags sorted. */
export function pointKey(
  name: string,
  tags: Readonly<Record<string, string>>,
  time: string | bigint = '',
): string {
  const pairs = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = pairs.map(([key, value]) => `${key}=${value}`).join(',');
  return `${name}{${text}} ${time}`.trim();
}

/** Values of all number points of a file, by {@link pointKey}; a key that comes twice is an error. */
export function pointsIn(file: string, timed: boolean): Map<string, string | number> {
  const out = new Map<string, string | number>();
  if (!existsSync(file)) return out;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    for (const { scopeMetrics } of JSON.parse(line).resourceMetrics) {
      for (const { metrics } of scopeMetrics) {
        for (const { name, gauge, sum } of metrics) {
          for (const point of ((gauge ?? sum)?.dataPoints ?? []) as Point[]) {
            const pairs = (point.attributes ?? []).map(({ key, value }) => [
              key,
              value.stringValue ?? '',
            ]);
            const time = timed ? point.timeUnixNano : '';
            const key = pointKey(name, Object.fromEntries(pairs), time);
            if (out.has(key)) throw new Error(`${key} came twice`);
            out.set(key, point.asInt ?? point.asDouble ?? 'none');
          }
        }
      }
    }
  }
  return out;
}

/** Waits until a file holds `count` points, at most a minute. */
export async function waitForPoints(
  file: string,
  count: number,
  timed: boolean,
): Promise<Map<string, string | number>> {
  for (let i = 0; i < 600; i += 1) {
    const points = pointsIn(file, timed);
    if (points.size >= count) return points;
    await sleep(100);
  }
  return pointsIn(file, timed);
}
