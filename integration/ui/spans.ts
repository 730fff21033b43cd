/** Traces made by hand, as OTLP/JSON. */

export interface HandSpan {
  readonly id: number;
  /** 0 = a root. */
  readonly parent?: number;
  readonly name?: string;
  readonly service?: string;
  /** Milliseconds after the trace begins. */
  readonly start?: number;
  /** Milliseconds; may be negative. */
  readonly duration?: number;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind?: number;
  readonly error?: string;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  readonly events?: readonly { readonly name: string; readonly at: number }[];
  /** Spans of other traces, by trace and span id in hex. */
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

type Json = Readonly<Record<string, unknown>>;

/** 8 bytes in hex. */
export const spanId = (id: number): string => `ab${id.toString(16).padStart(14, '0')}`;
/** 16 bytes in hex. */
export const traceId = (n: number): string => `cd${n.toString(16).padStart(30, '0')}`;

function value(given: string | number | boolean): Json {
  if (typeof given === 'string') return { stringValue: given };
  if (typeof given === 'boolean') return { boolValue: given };
  return Number.isInteger(given) ? { intValue: String(given) } : { doubleValue: given };
}

const attributes = (given: HandSpan['attributes'] = {}): Json[] =>
  Object.entries(given).map(([key, one]) => ({ key, value: value(one) }));

function otlpSpan(trace: string, beginMs: number, span: HandSpan): Json {
  const at = (ms: number): string => String(BigInt(Math.round((beginMs + ms) * 1000)) * 1000n);
  const { id, parent = 0, name = `step ${id}`, start = 0, duration = 1, kind = 1 } = span;
  return {
    traceId: trace,
    spanId: spanId(id),
    ...(parent === 0 ? {} : { parentSpanId: spanId(parent) }),
    name,
    kind,
    startTimeUnixNano: at(start),
    endTimeUnixNano: at(start + duration),
    attributes: attributes(span.attributes),
    events: (span.events ?? []).map((event) => ({
      name: event.name,
      timeUnixNano: at(event.at),
    })),
    links: span.links ?? [],
    status: span.error === undefined ? {} : { code: 2, message: span.error },
  };
}

/**
 * One request with the spans of a trace.
 * @param beginMs milliseconds since 1970
 */
export function traceRequest(trace: string, beginMs: number, spans: readonly HandSpan[]): Json {
  const services = [...new Set(spans.map(({ service = 'hand' }) => service))];
  return {
    resourceSpans: services.map((service) => ({
      resource: { attributes: attributes({ 'service.name': service }) },
      scopeSpans: [
        {
          scope: { name: 'by hand', version: '1' },
          spans: spans
            .filter((span) => (span.service ?? 'hand') === service)
            .map((span) => otlpSpan(trace, beginMs, span)),
        },
      ],
    })),
  };
}

/** Names as somebody hostile or careless gives them, by what is wrong with them. */
export const hostileNames: Readonly<Record<string, string>> = {
  image: '<img src=x onerror="window.injected=1;alert(1)">',
  script: '</script><script>window.injected=2;alert(2)</script>',
  svg: '"><svg/onload=alert(3)>',
  link: 'javascript:alert(4)',
  template: '{{constructor.constructor("alert(5)")()}}${alert(6)}',
  control: 'nul\u0000 bell\u0007 escape\u001b[31mred line\nbreak tab\t del\u007f',
  override: 'invoice\u202egpj.exe',
  isolate: '\u2067abc\u2066def',
  emoji: '👩‍👩‍👧‍👦 🇩🇪 ✈️ pay',
  hebrew: 'שלום עולם',
  empty: '',
  space: '   ',
  long: `long ${'x'.repeat(10_230)} end`,
  wide: '漢'.repeat(200),
  proto: '__proto__',
};

/** A tree of `count` spans in twelve services: eight children each, a hundredth of them failed. */
export function bigTrace(count: number): HandSpan[] {
  return Array.from({ length: count }, (_, i): HandSpan => {
    const depth = Math.floor(Math.log(i * 7 + 1) / Math.log(8));
    return {
      id: i + 1,
      parent: i === 0 ? 0 : Math.floor((i - 1) / 8) + 1,
      name: `operation ${i % 97}`,
      service: `service-${i % 12}`,
      start: i === 0 ? 0 : (i / count) * 4000 + depth,
      duration: i === 0 ? 5000 : 900 / (depth + 1) + (i % 13),
      kind: 1 + (i % 3),
      attributes: { 'order.number': i, 'http.route': `/route/${i % 50}` },
      ...(i % 100 === 99 ? { error: `failed ${i}` } : {}),
    };
  });
}
