import { shortFloat } from '../names/float-text.ts';
import { isClassic } from './escape.ts';
import type { Exemplar, ExposedMetric, Family, Labels } from './model.ts';

/** The two text formats: Prometheus 0.0.4 and OpenMetrics 1.0. */
export type Flavour = 'text' | 'openmetrics';

/**
 * Writes families; each name once.
 * https://prometheus.io/docs/instrumenting/exposition_formats/,
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function writeText(families: readonly Family[], flavour: Flavour): string {
  const parts = families.map((family) => familyText(family, flavour));
  if (flavour === 'openmetrics') parts.push('# EOF\n');
  return parts.join('');
}

const total = '_total';

function familyText({ name, help, type, metrics }: Family, flavour: Flavour): string {
  const open = flavour === 'openmetrics';
  const counts = type === 'counter';
  const isTotal = counts && name.endsWith(total);
  const told = open && isTotal ? name.slice(0, -total.length) : name;
  const toldType = open && counts && !isTotal ? 'unknown' : type;
  const quoted = nameText(told);
  let out = `# HELP ${quoted} ${escapeText(help, open)}\n# TYPE ${quoted} ${toldType}\n`;
  const writer = open ? openMetrics : classic;
  for (const metric of metrics) out += metricText(name, metric, writer);
  return out;
}

/** What the flavours write differently. */
interface Numbers {
  float(value: number): string;
  count(value: bigint): string;
  time(ms: number): string;
  exemplar(exemplar: Exemplar | undefined): string;
}

const classic: Numbers = {
  float: shortFloat,
  count: (value) => shortFloat(Number(value)),
  time: (ms) => String(ms),
  exemplar: () => '',
};

const openMetrics: Numbers = {
  float: openFloat,
  count: (value) => String(value),
  time: (ms) => openFloat(ms / 1000),
  exemplar: (exemplar) => {
    if (exemplar === undefined) return '';
    const { labels, value, timeUnixNano } = exemplar;
    const seconds = Number(timeUnixNano) / 1e9;
    const list = labels.map(([name, text]) => labelText(name, text)).join(',');
    return ` # {${list}} ${openFloat(value)} ${openFloat(seconds)}`;
  },
};

function openFloat(value: number): string {
  const text = shortFloat(value);
  return /[.eNI]/.test(text) ? text : `${text}.0`;
}

function metricText(name: string, metric: ExposedMetric, numbers: Numbers): string {
  const { labels, value, timeMs } = metric;
  const time = timeMs === undefined ? '' : ` ${numbers.time(timeMs)}`;
  const line = (suffix: string, extra: Labels, text: string, exemplar?: Exemplar): string =>
    `${seriesText(name + suffix, labels, extra)} ${text}${time}${numbers.exemplar(exemplar)}\n`;
  const { float, count } = numbers;
  if (value.kind === 'number') return line('', [], float(value.value), value.exemplar);
  const rest = line('_sum', [], float(value.sum)) + line('_count', [], count(value.count));
  if (value.kind === 'summary') {
    const lines = value.quantiles.map(([quantile, at]) =>
      line('', [['quantile', float(quantile)]], float(at)),
    );
    return lines.join('') + rest;
  }
  const lines = value.buckets.map((bucket) =>
    line('_bucket', [['le', float(bucket.bound)]], count(bucket.count), bucket.exemplar),
  );
  if (value.buckets.at(-1)?.bound !== Number.POSITIVE_INFINITY) {
    lines.push(line('_bucket', [['le', '+Inf']], count(value.count)));
  }
  return lines.join('') + rest;
}

function seriesText(name: string, labels: Labels, extra: Labels): string {
  const list = [...labels, ...extra].map(([label, text]) => labelText(label, text));
  if (!isClassic(name)) return `{${[nameText(name), ...list].join(',')}}`;
  return list.length === 0 ? name : `${name}{${list.join(',')}}`;
}

function nameText(name: string): string {
  return isClassic(name) ? name : `"${escapeText(name, true)}"`;
}

function labelText(name: string, value: string): string {
  return `${nameText(name)}="${escapeText(value, true)}"`;
}

function escapeText(text: string, quotes: boolean): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return quotes ? escaped.replaceAll('"', '\\"') : escaped;
}
