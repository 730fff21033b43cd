/**
 * What one host would report of clicks through a proxy, a Node service and a database, as
 * OTLP/JSON: the proxy passes the trace header on, its requests leave with another address, and the
 * service asks a name server and the database without any header.
 */

type Json = Record<string, unknown>;

/** A span of a click: its name in the tests, and where it hangs in truth. */
export interface Expected {
  readonly name: string;
  readonly spanId: string;
  readonly traceId: string;
  /** Name of the parent, '' for the root. */
  readonly parent: string;
  /** What the link rests on; '' where nothing is said. */
  readonly rule: string;
}

export interface Click {
  readonly request: Json;
  readonly spans: readonly Expected[];
}

interface Described {
  readonly parent: string;
  readonly rule: string;
  readonly service: string;
  readonly pid?: number;
  /** Start and end, microseconds after the click. */
  readonly us: readonly [number, number];
  readonly point?: string;
  readonly kind: number;
  readonly attributes?: Readonly<Record<string, string | number>>;
  /** Carries the context of the click's SDK. */
  readonly header?: boolean;
}

const SERVER = 2;
const CLIENT = 3;

function tcp(client: string, port: number, server: string, request: number, response: number) {
  const [address, serverPort] = server.split(':') as [string, string];
  return {
    'network.transport': 'tcp',
    'client.address': client,
    'client.port': port,
    'server.address': address,
    'server.port': Number(serverPort),
    'wirestitch.tcp.request_sequence': request,
    'wirestitch.tcp.response_sequence': response,
  };
}

/** The spans of click `n`. @param sdk whether it begins with a span of an SDK */
function describe(n: number, sdk: boolean): Record<string, Described> {
  const id = (what: number): string => (0xabc000 + n * 16 + what).toString(16).padStart(16, '0');
  const http = {
    'network.protocol.name': 'http',
    'http.request.method': 'GET',
    'url.path': '/cart',
    'http.response.status_code': 200,
    'wirestitch.request.head': 'feedfeedfeedfeed',
  };
  const front = {
    ...http,
    ...tcp('10.1.0.9', 40_000 + n, '10.1.0.1:80', 1_000_000 + n, 2_000_000 + n),
  };
  const inner = {
    ...http,
    ...tcp('10.1.0.1', 50_000 + n, '10.2.0.2:3000', 3_000_000 + n, 4_000_000 + n),
  };
  const translated = { ...inner, 'client.address': '10.2.0.254', 'client.port': 60_000 + n };
  const mysql = {
    'network.protocol.name': 'mysql',
    'db.system.name': 'mysql',
    'db.operation.name': 'SELECT',
    ...tcp('10.2.0.2', 33_000 + n, '10.3.0.3:3306', 5_000_000 + n, 6_000_000 + n),
  };
  const dns = {
    'network.transport': 'udp',
    'network.protocol.name': 'dns',
    'client.address': '10.2.0.2',
    'client.port': 20_000 + n,
    'server.address': '10.2.0.53',
    'server.port': 53,
    'dns.question.name': 'db.example',
    'wirestitch.dns.id': 100 + n,
  };
  const chain = (request: number, response: number) => ({
    'wirestitch.syscall.trace_id.request': id(request),
    'wirestitch.syscall.trace_id.response': id(response),
  });
  const proxy = { service: 'nginx', pid: 11 };
  const shop = { service: 'shop', pid: 22 };
  const database = { service: 'mysqld', pid: 33 };
  const header = sdk;
  const same = 'tcp_sequence';
  const first: Record<string, Described> = sdk
    ? { browser: { parent: '', rule: '', service: 'browser', kind: CLIENT, us: [0, 30_000] } }
    : {};
  const shopSpan: Record<string, Described> = sdk
    ? {
        'shop sdk': {
          ...{
            parent: 'shop process',
            rule: 'span_id',
            ...shop,
            kind: SERVER,
            us: [2_800, 24_000],
          },
          header,
        },
      }
    : {};
  return {
    ...first,
    'proxy nic': {
      ...{ parent: sdk ? 'browser' : '', rule: sdk ? 'span_id' : '', service: '10.1.0.1:80' },
      ...{ kind: SERVER, point: 'server_nic', us: [500, 29_000], attributes: front, header },
    },
    'proxy process': {
      ...{ parent: 'proxy nic', rule: same, ...proxy, kind: SERVER, point: 'server_process' },
      ...{ us: [700, 28_800], attributes: { ...front, ...chain(1, 2) }, header },
    },
    'proxy call': {
      ...{ parent: 'proxy process', rule: 'syscall', ...proxy, kind: CLIENT },
      ...{ point: 'client_process', us: [1_000, 28_000] },
      ...{ attributes: { ...inner, ...chain(1, 2) }, header },
    },
    gateway: {
      ...{ parent: 'proxy call', rule: 'address_translation', service: '10.2.0.2:3000' },
      ...{ kind: SERVER, point: 'rest', us: [1_500, 27_000], attributes: translated, header },
    },
    'shop process': {
      ...{ parent: 'gateway', rule: same, ...shop, kind: SERVER, point: 'server_process' },
      ...{ us: [2_500, 26_000], attributes: { ...translated, ...chain(3, 3) }, header },
    },
    ...shopSpan,
    'name lookup': {
      ...{ parent: 'shop process', rule: 'syscall', ...shop, kind: CLIENT },
      ...{ point: 'client_process', us: [4_000, 6_000], attributes: { ...dns, ...chain(3, 3) } },
    },
    'name server': {
      ...{ parent: 'name lookup', rule: 'datagram', service: '10.2.0.53:53', kind: SERVER },
      ...{ point: 'server_nic', us: [4_300, 5_500], attributes: dns },
    },
    query: {
      ...{ parent: 'shop process', rule: 'syscall', ...shop, kind: CLIENT },
      ...{ point: 'client_process', us: [8_000, 20_000], attributes: { ...mysql, ...chain(3, 3) } },
    },
    'database nic': {
      ...{ parent: 'query', rule: same, service: '10.3.0.3:3306', kind: SERVER },
      ...{ point: 'server_nic', us: [8_400, 19_500], attributes: mysql },
    },
    'database process': {
      ...{ parent: 'database nic', rule: same, ...database, kind: SERVER, point: 'server_process' },
      ...{ us: [8_600, 19_300], attributes: { ...mysql, ...chain(5, 5) } },
    },
  };
}

const value = (v: string | number): Json =>
  typeof v === 'string' ? { stringValue: v } : { intValue: `${v}` };

const attributes = (of: Readonly<Record<string, string | number>>): Json[] =>
  Object.entries(of).map(([key, v]) => ({ key, value: value(v) }));

function hex(n: number, k: number, digits: number): string {
  return (0x1_0000_0000 + n * 0x1000 + k).toString(16).padStart(digits, 'c');
}

/** @param atNs when it begins, nanoseconds since 1970 */
export function click(n: number, sdk: boolean, atNs: bigint): Click {
  const spans = Object.entries(describe(n, sdk));
  const traceId = hex(n, 0xfff, 32);
  const callerId = hex(n, 0, 16);
  const expected: Expected[] = [];
  const resourceSpans = spans.map(([name, d], k) => {
    const captured = d.point !== undefined;
    const own = captured && d.header !== true ? hex(n, 0x800 + k, 32) : traceId;
    const spanId = name === 'browser' ? callerId : hex(n, 1 + k, 16);
    expected.push({ name, spanId, traceId: own, parent: d.parent, rule: d.rule });
    const header = {
      'wirestitch.trace_header.trace_id': traceId,
      'wirestitch.trace_header.span_id': callerId,
    };
    const resource = {
      'service.name': d.service,
      'host.id': 'one host',
      ...(d.pid === undefined ? {} : { 'process.pid': d.pid }),
      ...(captured ? { 'wirestitch.capture.source': 'ebpf' } : {}),
    };
    const more = captured ? { 'wirestitch.observation_point': d.point! } : {};
    const span = {
      traceId: own,
      spanId,
      ...(d.header === true ? { parentSpanId: callerId } : {}),
      name,
      kind: d.kind,
      startTimeUnixNano: `${atNs + BigInt(d.us[0]) * 1000n}`,
      endTimeUnixNano: `${atNs + BigInt(d.us[1]) * 1000n}`,
      attributes: attributes({
        ...d.attributes,
        ...more,
        ...(captured && d.header === true ? header : {}),
      }),
    };
    return { resource: { attributes: attributes(resource) }, scopeSpans: [{ spans: [span] }] };
  });
  return { request: { resourceSpans }, spans: expected };
}
