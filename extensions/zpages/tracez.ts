import type { SpanView } from '../../component/view.ts';
import { formatDuration } from '../../config/schema/duration.ts';
import { type Html, heading, lines, link, page, table } from './html.ts';
import { latencies, type SpanSummaries, type Summary } from './spans.ts';

const label = (ms: number) => `>${formatDuration(ms)}`;

function sampleTable(samples: readonly SpanView[]): Html {
  return table(
    ['Start', 'Duration', 'Trace', 'Span', 'Parent', 'Attributes', 'Error'],
    samples
      .toReversed()
      .map((span) => [
        new Date(span.startUnixMs).toISOString(),
        formatDuration(span.durationMs),
        span.traceId,
        span.spanId,
        span.parentSpanId,
        lines([...span.attributes].map(([key, value]) => `${key}=${value}`)),
        span.error ?? '',
      ]),
  );
}

const none: Summary = {
  counts: latencies.map(() => 0),
  samples: latencies.map(() => []),
  errors: 0,
  errorSamples: [],
};

/**
 * The program's own spans by name and latency; `?zspanname&ztype` shows samples: type 0 of those
 * that run, type 1 of a class of latency (`zlatencybucket`), type 2 of errors.
 */
export function tracez(
  spans: SpanSummaries,
  running: readonly SpanView[],
  query: URLSearchParams,
): string {
  const name = query.get('zspanname');
  const open = Map.groupBy(running, (span) => span.name);
  const names = [...new Set([...spans.names(), ...open.keys()])].sort();
  const rows = names.map((one) => {
    const { counts, errors } = spans.of(one) ?? none;
    const cell = (count: number, more: Readonly<Record<string, string>>) =>
      count === 0 ? '0' : link('', { zspanname: one, ...more }, String(count));
    return [
      one,
      cell(open.get(one)?.length ?? 0, { ztype: '0' }),
      ...counts.map((count, i) => cell(count, { ztype: '1', zlatencybucket: String(i) })),
      cell(errors, { ztype: '2' }),
    ];
  });
  const all = table(['Span Name', 'Running', ...latencies.map(label), 'Error Samples'], rows);
  if (name === null || !names.includes(name)) return page('Trace Spans', [all]);
  const found = spans.of(name) ?? none;
  const bucket = Number(query.get('zlatencybucket'));
  const type = Number(query.get('ztype'));
  const samples =
    [open.get(name) ?? [], found.samples[bucket] ?? [], found.errorSamples][type] ?? [];
  const what = ['running', label(latencies[bucket] ?? 0), 'errors'][type] ?? '';
  const title = heading(`${name}: ${what}, ${samples.length} spans`);
  return page('Trace Spans', [all, title, sampleTable(samples)]);
}
