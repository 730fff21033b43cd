import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Histogram, Settings } from '../../component/settings.ts';

/** Bounds of times, seconds, by OpenTelemetry's conventions for HTTP and RPC. */
export const durationBounds: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

const sizeBounds: readonly number[] = [
  0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000,
];

const methods: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]);

type Needed = Pick<Settings, 'meter' | 'clock'>;

const level = 'detailed';

function sizeHistogram({ meter }: Needed, name: string, description: string): Histogram {
  return meter.histogram(name, { description, unit: 'By', level }, sizeBounds);
}

function timeHistogram({ meter }: Needed, name: string, description: string): Histogram {
  return meter.histogram(name, { description, unit: 's', level }, durationBounds);
}

const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** Host and port as attributes; a port that goes without saying is left out. */
function serverOf(authority: string, scheme: string): Record<string, string> {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d*))?$/.exec(authority) ?? [];
  const server = { 'server.address': bracketed ?? plain ?? authority };
  return port === undefined || port === '' || port === defaultPorts[scheme]
    ? server
    : { ...server, 'server.port': port };
}

/** Looks at requests as they come and are answered. */
export type Watch = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Metrics of a server by OpenTelemetry's conventions, at level detailed; below it costs nothing.
 * @param routeOf the pattern that takes a path, undefined = none
 */
export function watchServer(
  settings: Needed,
  isTls: boolean,
  routeOf: (path: string) => string | undefined,
): Watch {
  const { clock } = settings;
  const requests = sizeHistogram(settings, 'http.server.request.body.size', 'Bytes of requests');
  const answers = sizeHistogram(settings, 'http.server.response.body.size', 'Bytes of answers');
  const times = timeHistogram(settings, 'http.server.request.duration', 'Times of requests');
  const scheme = isTls ? 'https' : 'http';
  return (request, response) => {
    if (!times.enabled) return;
    const sinceMs = clock.monotonicMs();
    const size = countBody(response);
    response.on('close', () => {
      const { method = '', headers, url = '/', httpVersion } = request;
      const route = routeOf(url.split('?', 1)[0]!);
      const attributes = {
        'http.request.method': methods.has(method) ? method : '_OTHER',
        'url.scheme': scheme,
        ...serverOf(headers.host ?? String(headers[':authority'] ?? ''), scheme),
        'network.protocol.name': 'http',
        'network.protocol.version': httpVersion.replace(/\.0$/, (zero) =>
          httpVersion === '1.0' ? zero : '',
        ),
        'http.response.status_code': String(response.statusCode),
        ...(route === undefined ? {} : { 'http.route': route }),
      };
      requests.record(Number(headers['content-length'] ?? 0) || 0, attributes);
      answers.record(size(), attributes);
      times.record((clock.monotonicMs() - sinceMs) / 1000, attributes);
    });
  };
}

/** Counts what is written. */
function countBody(response: ServerResponse): () => number {
  let bytes = 0;
  const count = (chunk: unknown): void => {
    if (typeof chunk === 'string') bytes += Buffer.byteLength(chunk);
    else if (chunk instanceof Uint8Array) bytes += chunk.length;
  };
  const { write, end } = response;
  response.write = ((chunk: unknown, ...rest: unknown[]) => {
    count(chunk);
    return Reflect.apply(write, response, [chunk, ...rest]);
  }) as typeof response.write;
  response.end = ((chunk?: unknown, ...rest: unknown[]) => {
    count(chunk);
    return Reflect.apply(end, response, [chunk, ...rest]);
  }) as typeof response.end;
  return () => bytes;
}

/** Says how a request of a client ended: with a status, or with the kind of error. */
export type RequestEnd = (
  outcome: { readonly status: number } | { readonly error: string },
) => void;

/**
 * Metrics of a client that posts to one URL, at level detailed; below it costs nothing.
 * @returns to be called when a request begins
 */
export function watchClient(
  settings: Needed,
  url: string,
): (bytes: number) => RequestEnd | undefined {
  const { clock } = settings;
  const sizes = sizeHistogram(settings, 'http.client.request.body.size', 'Bytes of requests');
  const times = timeHistogram(settings, 'http.client.request.duration', 'Times of requests');
  const { host = '', protocol = '' } = URL.parse(url) ?? {};
  const scheme = protocol.slice(0, -1);
  const common = {
    'http.request.method': 'POST',
    ...serverOf(host, scheme),
    'url.scheme': scheme,
    'network.protocol.name': 'http',
    'network.protocol.version': '1.1',
  };
  return (bytes) => {
    if (!times.enabled) return undefined;
    const sinceMs = clock.monotonicMs();
    return (outcome) => {
      const attributes =
        'status' in outcome
          ? { ...common, 'http.response.status_code': String(outcome.status) }
          : { ...common, 'error.type': outcome.error };
      sizes.record(bytes, attributes);
      times.record((clock.monotonicMs() - sinceMs) / 1000, attributes);
    };
  };
}
