import type { Message } from '../message.ts';
import type { DescribeOptions, SpanFields, Summary } from '../protocol.ts';
import { HttpRequest, HttpResponse } from './message.ts';
import { endpointOf, parseTarget, type Target } from './target.ts';

/** Methods that `http.request.method` may name; others are `_OTHER`. */
const METHODS = new Set('GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY'.split(' '));

/**
 * Attributes of an HTTP exchange, by OpenTelemetry's semantic conventions for HTTP
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/).
 */
export function describeHttp(
  request: Message | undefined,
  response: Message | undefined,
  options: DescribeOptions,
  out: SpanFields,
): void {
  if (request instanceof HttpRequest) describeRequest(request, options, out);
  else out.name('HTTP');
  if (response instanceof HttpResponse) describeResponse(response, options, out);
  const version = (request ?? response) as HttpRequest | HttpResponse;
  out.string('network.protocol.version', version.version === 10 ? '1.0' : '1.1');
}

function describeRequest(r: HttpRequest, options: DescribeOptions, out: SpanFields): void {
  const known = METHODS.has(r.method);
  const target = parseTarget(r.method, r.target);
  const endpoint = endpointOf(target.path, options.endpointSegments);
  const verb = known ? r.method : 'HTTP';
  out.name(endpoint === '' ? verb : `${verb} ${endpoint}`);
  out.string('http.request.method', known ? r.method : '_OTHER');
  if (!known) out.string('http.request.method_original', r.method);
  if (target.scheme !== '') out.string('url.scheme', target.scheme);
  if (target.path !== '') out.string('url.path', target.path);
  if (target.query !== '') out.string('url.query', target.query);
  if (options.client && r.method !== 'CONNECT') out.string('url.full', fullUrl(r, target, options));
  if (r.host !== '') out.strings('http.request.header.host', [r.host]);
  if (r.userAgent !== '') out.string('user_agent.original', r.userAgent);
  if (r.forwardedFor !== '') out.strings('http.request.header.x-forwarded-for', [r.forwardedFor]);
  out.int('http.request.body.size', r.bodyLength);
  out.int('http.request.size', r.length);
  if (endpoint !== '') out.string('wirestitch.endpoint', endpoint);
}

function describeResponse(r: HttpResponse, options: DescribeOptions, out: SpanFields): void {
  out.int('http.response.status_code', r.status);
  out.int('http.response.body.size', r.bodyLength);
  out.int('http.response.size', r.length);
  if (r.status >= (options.client ? 400 : 500)) out.error(String(r.status));
}

/** Stands in `url.full` for a host that the request does not name. */
export function serverAuthority({ serverAddress, serverPort }: DescribeOptions): string {
  const port = serverPort === 80 ? '' : `:${serverPort}`;
  return `${serverAddress.includes(':') ? `[${serverAddress}]` : serverAddress}${port}`;
}

function fullUrl(r: HttpRequest, target: Target, options: DescribeOptions): string {
  const authority = target.authority || r.host || serverAuthority(options);
  const query = target.query === '' ? '' : `?${target.query}`;
  return `${target.scheme}://${authority}${target.path === '*' ? '' : target.path}${query}`;
}

/** Method, authority with path and query, status; '?' for the method of a request not seen. */
export function summarizeHttp(
  request: Message | undefined,
  response: Message | undefined,
): Summary {
  let operation = '?';
  let resource = '';
  if (request instanceof HttpRequest) {
    const target = parseTarget(request.method, request.target);
    operation = request.method;
    const query = target.query === '' ? '' : `?${target.query}`;
    resource = `${target.authority || request.host}${target.path}${query}`;
  }
  const result = response instanceof HttpResponse ? String(response.status) : '';
  return { operation, resource, result };
}
