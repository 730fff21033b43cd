import type { Span } from '../../pdata/objects/model.ts';
import type { Config } from './config.ts';
import { systemOf } from './database/system.ts';
import type { Rules } from './rules.ts';

const Kind = { internal: 1, server: 2, client: 3 } as const;

/** Attributes that tell a span of HTTP, in current and older conventions. */
const httpKeys = [
  'http.route',
  'http.request.method',
  'http.request.method_original',
  'http.response.status_code',
  'url.full',
  'http.scheme',
  'http.target',
  'http.method',
  'http.url',
];

/** Whether nothing but `*` is left of a path. */
function isEmptied(path: string): boolean {
  const segments = path.split('/').filter((segment) => segment !== '');
  return segments.length > 0 && segments.every((segment) => segment === '*');
}

function byUrl(span: Span, url: (path: string) => string): string | undefined {
  if (span.kind !== Kind.client && span.kind !== Kind.server) return undefined;
  const isHttp = httpKeys.some((key) => span.attributes.has(key)) || span.name.includes('/');
  if (!isHttp) return undefined;
  const name = url(span.name);
  return name === span.name || isEmptied(name) ? undefined : name;
}

/** The name that a span has after the sanitizers; its own where they leave it. */
export function sanitizedName(span: Span, rules: Rules, config: Config): string {
  const { url, database } = rules;
  if (url !== undefined && config.url_sanitizer.sanitize_span_name) {
    const name = byUrl(span, url);
    if (name !== undefined) return name;
  }
  if (database === undefined || !config.db_sanitizer.sanitize_span_name) return span.name;
  if (span.kind < Kind.internal || span.kind > Kind.client) return span.name;
  const system = systemOf(span.attributes);
  return system === '' ? span.name : database.spanName(span.name, system);
}
