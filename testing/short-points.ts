interface Request {
  readonly resourceMetrics?: readonly {
    readonly resource?: { readonly attributes?: unknown };
    readonly scopeMetrics?: readonly {
      readonly scope?: { readonly name?: string };
      readonly metrics?: readonly ({ readonly name: string } & Record<string, unknown>)[];
    }[];
  }[];
}

/** Fields that are there but not compared, and those that mean nothing when they are zero. */
const times = ['timeUnixNano', 'startTimeUnixNano'];

/**
 * Data points of OTLP/JSON requests as texts, sorted: scope, name, kind, fields; current times are
 * `now`.
 */
export function shortPoints(requests: readonly Request[]): string[] {
  const out: string[] = [];
  for (const { resourceMetrics = [] } of requests) {
    for (const { resource, scopeMetrics = [] } of resourceMetrics) {
      for (const { scope, metrics = [] } of scopeMetrics) {
        for (const { name, ...rest } of metrics) {
          const [kind, body] = Object.entries(rest).find(([, one]) => typeof one === 'object')!;
          const { dataPoints, ...shape } = body as { dataPoints: Record<string, unknown>[] };
          for (const point of dataPoints) {
            const fields = plain({ ...shape, ...point });
            const head = [plain(resource?.attributes ?? []), scopeName(scope?.name), name, kind];
            out.push(`${JSON.stringify(head)} ${JSON.stringify(fields)}`);
          }
        }
      }
    }
  }
  return out.sort();
}

/** Without what has no meaning: zero and empty fields, the order of fields and attributes. */
function plain(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const list = value.map((one) => (typeof one === 'object' ? plain(one) : one));
    return list.every(isAttribute) ? list.sort((a, b) => (a.key < b.key ? -1 : 1)) : list;
  }
  if (typeof value !== 'object' || value === null) {
    const current = times.includes(key) && Number(value) > 1.75e18;
    return current ? 'now' : value;
  }
  const entries = Object.entries(value)
    .map(([name, one]) => [name, plain(one, name)] as const)
    .filter(([, one]) => !isEmpty(one))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

function isAttribute(value: unknown): value is { key: string } {
  return typeof value === 'object' && value !== null && 'key' in value;
}

/** The last part of a path. */
function scopeName(name = ''): string {
  return name.split('/').at(-1) ?? '';
}

function isEmpty(value: unknown): boolean {
  if (value === 0 || value === '0' || value === '' || value === false) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
