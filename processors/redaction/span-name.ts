import type { Config } from './config.ts';
import type { Rules } from './rules.ts';

const Kind = { internal: 1, server: 2, client: 3 } as const;

/** What the name of a span hangs on. */
export interface NamedSpan {
  readonly name: string;
  readonly kind: number;
  has(key: string): boolean;
  /** db.system.name in lower case, '' = none. */
  system(): string;
}

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

function byUrl(span: NamedSpan, url: (path: string) => string): string | undefined {
  if (span.kind !== Kind.client && span.kind !== Kind.server) return undefined;
  const isHttp = httpKeys.some((key) => span.has(key)) || span.name.includes('/');
  if (!isHttp) return undefined;
  const name = url(span.name);
  return name === span.name || isEmptied(name) ? undefined : name;
}

/** The name that a span has after the sanitizers; its own where they leave it. */
export function sanitizedName(span: NamedSpan, rules: Rules, config: Config): string {
  const { url, database } = rules;
  if (url !== undefined && config.url_sanitizer.sanitize_span_name) {
    const name = byUrl(span, url);
    if (name !== undefined) return name;
  }
  if (database === undefined || !config.db_sanitizer.sanitize_span_name) return span.name;
  if (span.kind < Kind.internal || span.kind > Kind.client) return span.name;
  const system = span.system();
  return system === '' ? span.name : database.spanName(span.name, system);
}
