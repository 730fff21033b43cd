import { type Scheme, schemes } from './escape.ts';

/** How metrics are written. */
export interface Format {
  readonly kind: 'text' | 'openmetrics' | 'protobuf';
  readonly contentType: string;
  readonly escaping: Scheme;
}

interface Range {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

function parseAccept(accept: string): Range[] {
  const ranges = accept.split(',').map((part): Range => {
    const [type = '', ...rest] = part.split(';').map((text) => text.trim());
    const parameters = new Map(
      rest.map((text) => {
        const at = text.indexOf('=');
        return at < 0 ? [text, ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
      }),
    );
    const quality = Number(parameters.get('q') ?? 1);
    return { type, parameters, quality: Number.isNaN(quality) ? 1 : quality };
  });
  return ranges.sort((a, b) => b.quality - a.quality); // stable
}

const openMetricsVersions = ['0.0.1', '1.0.0', ''];

function kindOf({ type, parameters }: Range, openMetrics: boolean): Format['kind'] | undefined {
  const version = parameters.get('version') ?? '';
  switch (type) {
    case 'application/vnd.google.protobuf': {
      const delimited = parameters.get('encoding') === 'delimited';
      const family = parameters.get('proto') === 'io.prometheus.client.MetricFamily';
      return delimited && family ? 'protobuf' : undefined;
    }
    case 'text/plain':
      return version === '0.0.4' || version === '' ? 'text' : undefined;
    case 'application/openmetrics-text':
      return openMetrics && openMetricsVersions.includes(version) ? 'openmetrics' : undefined;
    default:
      return undefined;
  }
}

function contentType(kind: Format['kind'], version: string): string {
  if (kind === 'text') return 'text/plain; version=0.0.4; charset=utf-8';
  if (kind === 'protobuf') {
    return 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
  }
  const given = version === '1.0.0' ? version : '0.0.1';
  return `application/openmetrics-text; version=${given}; charset=utf-8`;
}

/**
 * The format that a scrape asks for by its header Accept; the classic text format where it asks for
 * nothing that there is.
 * @param openMetrics whether that may be chosen
 */
export function negotiate(accept: string, openMetrics: boolean): Format {
  let escaping: Scheme = 'underscores';
  for (const range of parseAccept(accept)) {
    const asked = range.parameters.get('escaping') as Scheme | undefined;
    if (asked !== undefined && schemes.includes(asked)) escaping = asked;
    const kind = kindOf(range, openMetrics);
    if (kind === undefined) continue;
    const type = contentType(kind, range.parameters.get('version') ?? '');
    return { kind, contentType: `${type}; escaping=${escaping}`, escaping };
  }
  return {
    kind: 'text',
    contentType: `${contentType('text', '')}; escaping=${escaping}`,
    escaping,
  };
}
