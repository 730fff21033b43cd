import type { ScrapeProtocol } from './config/scrape.ts';

const types: Readonly<Record<ScrapeProtocol, string>> = {
  PrometheusProto:
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0',
};

/** The header Accept that asks for protocols, best first. */
export function acceptOf(protocols: readonly ScrapeProtocol[], escaping: string): string {
  let weight = Object.keys(types).length + 1;
  const values = protocols.map((protocol) => {
    const escapes = protocol === 'PrometheusText1.0.0' || protocol === 'OpenMetricsText1.0.0';
    const parameter = escapes ? `;escaping=${escaping}` : '';
    const value = `${types[protocol]}${parameter};q=0.${weight}`;
    weight -= 1;
    return value;
  });
  return [...values, `*/*;q=0.${weight}`].join(',');
}

/** How an answer is read. */
export type Format = 'classic' | 'openmetrics' | 'protobuf';

const formats: ReadonlyMap<string, Format> = new Map([
  ['text/plain', 'classic'],
  ['application/openmetrics-text', 'openmetrics'],
  ['application/vnd.google.protobuf', 'protobuf'],
]);

/** The format of an answer by its type; the fallback's where it says none that is known. */
export function formatOf(contentType: string, fallback: ScrapeProtocol): Format {
  const media = (type: string): string => type.split(';', 1)[0]!.trim().toLowerCase();
  return formats.get(media(contentType)) ?? formats.get(media(types[fallback]))!;
}
