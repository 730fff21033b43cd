import type { JudgedSpan } from './judge.ts';

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly { readonly key: string; readonly value: OtlpValue }[];
}

interface Answer {
  readonly result?: {
    readonly resourceSpans?: readonly {
      readonly resource?: { readonly attributes?: OtlpSpan['attributes'] };
      readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[];
    }[];
  };
}

/** A range of so many milliseconds is not halved. */
const shortestMs = 50;

/** Asks the store of the demo: by SQL for what there is, by the Jaeger API for traces. */
export class Store {
  readonly #jaeger: string;
  readonly #clickhouse: string;
  readonly #password: string;

  constructor(jaeger: string, clickhouse: string, password: string) {
    this.#jaeger = jaeger;
    this.#clickhouse = clickhouse;
    this.#password = password;
  }

  /** Rows of a query, columns split at tabs. */
  async rows(sql: string): Promise<string[][]> {
    const headers = { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': this.#password };
    const response = await fetch(this.#clickhouse, {
      method: 'POST',
      body: `${sql} FORMAT TSV`,
      headers,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`cannot run ${sql}: ${text}`);
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => line.split('\t'));
  }

  /**
   * The traces, by id, that have a span of `service` which begins in a range of time, as Jaeger's
   * API gives them: with the parts that were stitched to them. A range that a busy machine cannot
   * answer in time is asked for in halves.
   */
  async find(service: string, fromMs: number, toMs: number): Promise<Map<string, JudgedSpan[]>> {
    const query = new URLSearchParams({
      'query.serviceName': service,
      'query.startTimeMin': new Date(fromMs).toISOString(),
      'query.startTimeMax': new Date(toMs).toISOString(),
      'query.searchDepth': '1000',
    });
    const response = await fetch(`${this.#jaeger}/api/v3/traces?${query}`);
    const text = await response.text();
    if ([503, 504].includes(response.status) && toMs - fromMs >= shortestMs) {
      const midMs = Math.round((fromMs + toMs) / 2);
      const first = await this.find(service, fromMs, midMs);
      return new Map([...first, ...(await this.find(service, midMs, toMs))]);
    }
    if (!response.ok) throw new Error(`cannot read traces of ${service}: ${text}`);
    const { result } = JSON.parse(text) as Answer;
    const traces = new Map<string, JudgedSpan[]>();
    for (const { resource, scopeSpans } of result?.resourceSpans ?? []) {
      const service = attributesOf(resource?.attributes).get('service.name') ?? '';
      for (const span of (scopeSpans ?? []).flatMap(({ spans }) => spans ?? [])) {
        const list = traces.get(span.traceId);
        if (list === undefined) traces.set(span.traceId, [judged(span, service)]);
        else list.push(judged(span, service));
      }
    }
    return traces;
  }
}

function judged(span: OtlpSpan, service: string): JudgedSpan {
  const startNs = BigInt(span.startTimeUnixNano);
  return {
    id: span.spanId,
    parent: span.parentSpanId ?? '',
    name: span.name,
    service,
    startNs,
    durationNs: BigInt(span.endTimeUnixNano) - startNs,
    attributes: attributesOf(span.attributes),
  };
}

function attributesOf(list: OtlpSpan['attributes']): Map<string, string> {
  const map = new Map<string, string>();
  for (const { key, value } of list ?? []) {
    const known = value.stringValue ?? value.intValue ?? value.boolValue ?? value.doubleValue;
    if (known !== undefined) map.set(key, String(known));
  }
  return map;
}
