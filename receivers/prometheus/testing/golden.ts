import { parse } from 'yaml';
import { MetricsBuilder } from '../../../pdata/builder.ts';
import { toJson } from '../../../pdata/json.ts';
import { config } from '../config/index.ts';
import { formatOf } from '../format.ts';
import { Ingest } from '../ingest.ts';
import { jobsOf } from '../job.ts';
import { resourceOf } from '../resource.ts';
import { targetOf } from '../target.ts';

/** What a target answers, scrape by scrape, and what the Go receiver makes of it. */
export interface Golden {
  readonly Name: string;
  readonly Case: {
    readonly Global: string;
    readonly Job: string;
    readonly Trim: boolean;
    readonly Steps: readonly {
      readonly Body: string;
      readonly Type: string;
      readonly Status: number;
    }[];
  };
  readonly Batch: readonly unknown[];
}

const scope =
  'github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver';

interface Json {
  readonly [key: string]: Json | Json[] | string | number | boolean | undefined;
}

/**
 * Points by what tells them apart, as comparable texts. Times of the scrape are "now", as is its
 * duration.
 */
export function pointsOf(batch: unknown): string[] {
  const points: string[] = [];
  const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
  const nows = new Set<string>();
  for (const resource of list((batch as Json).resourceMetrics)) {
    const where = canonical(resource.resource ?? {});
    for (const scoped of list(resource.scopeMetrics)) {
      const at = canonical([scoped.scope ?? {}, scoped.schemaUrl ?? '']);
      for (const metric of list(scoped.metrics)) {
        const { name, description = '', unit = '', metadata = [], ...kinds } = metric;
        const [kind, data] = Object.entries(kinds)[0] as [string, Json];
        const { dataPoints, ...rest } = data;
        const head = [
          where,
          at,
          name,
          description,
          unit,
          canonical(metadata),
          kind,
          canonical(rest),
        ];
        for (const point of list(dataPoints)) {
          if (name === 'up') nows.add(String(point.timeUnixNano));
          const shown = String(name).startsWith('scrape_duration')
            ? { ...point, asDouble: 0 }
            : point;
          points.push([...head, canonical(shown)].join('\n    '));
        }
      }
    }
  }
  return points
    .map((text) => [...nows].reduce((out, now) => out.replaceAll(now, 'now'), text))
    .sort();
}

/** Attributes in order; what is zero, empty or null is as if absent. */
function canonical(value: unknown): string {
  const simple = (one: unknown): unknown => {
    if (Array.isArray(one)) {
      const items = one.map(simple);
      const keyed = items.every(
        (item) => typeof item === 'object' && item !== null && 'key' in item,
      );
      return keyed ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
    }
    if (typeof one !== 'object' || one === null) return one;
    const kept = Object.entries(one)
      .map(([key, inner]) => [key, simple(inner)] as const)
      .filter(([, inner]) => !isNothing(inner))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(kept);
  };
  return JSON.stringify(simple(value));
}

function isNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '' || value === null || value === undefined || value === '0' || value === 0;
}

/** Does what is recorded again. @returns what is not the same, nothing when all is */
export function checkGolden({ Case: given, Batch: want }: Golden): string[] {
  const jobText = `${given.Job}\njob_name: job\nfallback_scrape_protocol: PrometheusText0.0.4`;
  const { config: decoded } = config.parse({
    config: {
      global: { scrape_interval: '1s', ...(parse(given.Global || '{}') as object) },
      scrape_configs: [parse(jobText)],
    },
  });
  const [job] = jobsOf(decoded!, {});
  const own = new Map([['__address__', '127.0.0.1:1']]);
  const target = targetOf(job!, own, new Map([['instance', 'host.example:8080']]))!;
  const ingest = new Ingest(job!, target, 1, {
    job: target.job,
    instance: target.instance,
    trimSuffixes: given.Trim,
    ignoreScopeInfo: false,
    builder: new MetricsBuilder(),
    scope: { name: scope, version: '0.155.0' },
    resource: (name, instance) => resourceOf(name, instance, target.discovered),
  });
  const faults: string[] = [];
  for (const [i, step] of given.Steps.entries()) {
    const nowMs = 1_700_000_000_000 + i * 1000;
    const failed = step.Status !== 0;
    const body = Buffer.from(failed ? '' : step.Body);
    const { failure, ...counts } = ingest.take(body, formatOf(step.Type, job!.fallback), nowMs);
    const { total, kept, added } = counts;
    ingest.report(
      [
        ['up', failed || failure !== undefined ? 0 : 1],
        ['scrape_duration_seconds', 0.5],
        ['scrape_samples_scraped', total],
        ['scrape_samples_post_metric_relabeling', kept],
        ['scrape_series_added', added],
        ...(job!.extraMetrics
          ? ([
              ['scrape_timeout_seconds', 1],
              ['scrape_sample_limit', job!.sampleLimit],
              ['scrape_body_size_bytes', body.length],
            ] as const)
          : []),
      ],
      nowMs,
    );
    const got = pointsOf(JSON.parse(String(toJson(ingest.finish()))));
    const expected = pointsOf(want[i]);
    for (const one of expected) if (!got.includes(one)) faults.push(`${i} missing: ${one}`);
    for (const one of got) if (!expected.includes(one)) faults.push(`${i} too much: ${one}`);
  }
  return faults;
}
