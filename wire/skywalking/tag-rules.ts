import { keyField } from './attributes.ts';

/** How the value of a tag is read. */
export type ValueKind =
  | 'text'
  /** Digits become an integer. */
  | 'integer'
  /** An HTTP status, where it can be one. */
  | 'status'
  /** A whole URL, or the path of one. */
  | 'url'
  /** A database or cache. */
  | 'system';

/** Attributes that tags or fields of a span become; each stands at most once on a span. */
export const Slot = {
  serverAddress: 0,
  serverPort: 1,
  clientAddress: 2,
  clientPort: 3,
  peer: 4,
  urlFull: 5,
  urlPath: 6,
  urlQuery: 7,
  method: 8,
  status: 9,
  dbSystem: 10,
  dbNamespace: 11,
  dbQuery: 12,
  dbOperation: 13,
  destination: 14,
  rpcStatus: 15,
  messagingSystem: 16,
  rpcSystem: 17,
  traceId: 18,
  segmentId: 19,
  spanId: 20,
  parentSpanId: 21,
  layer: 22,
  componentId: 23,
  component: 24,
  skipAnalysis: 25,
  sizeLimited: 26,
  messagingOperation: 27,
} as const;

/** The keys of the slots: OpenTelemetry's conventions, and SkyWalking's facts as `sw8.`. */
const slotKeys: readonly string[] = [
  'server.address',
  'server.port',
  'client.address',
  'client.port',
  'sw8.peer',
  'url.full',
  'url.path',
  'url.query',
  'http.request.method',
  'http.response.status_code',
  'db.system.name',
  'db.namespace',
  'db.query.text',
  'db.operation.name',
  'messaging.destination.name',
  'rpc.response.status_code',
  'messaging.system',
  'rpc.system.name',
  'sw8.trace_id',
  'sw8.segment_id',
  'sw8.span_id',
  'sw8.parent_span_id',
  'sw8.span_layer',
  'sw8.component_id',
  'sw8.component',
  'sw8.skip_analysis',
  'sw8.segment_size_limited',
  'messaging.operation.type',
];

/** Keys of the slots as they are written. */
export const slotFields: readonly Uint8Array[] = slotKeys.map(keyField);

/** A tag that becomes an attribute of another name or type. */
export interface TagRule {
  readonly key: Uint8Array;
  readonly slot: number;
  readonly kind: ValueKind;
}

const mapped: readonly (readonly [tag: string, slot: number, kind?: ValueKind])[] = [
  ['url', Slot.urlFull, 'url'],
  ['http.url', Slot.urlFull, 'url'],
  ['http.method', Slot.method],
  ['http.status_code', Slot.status, 'status'],
  ['http.status.code', Slot.status, 'status'],
  ['status_code', Slot.status, 'status'],
  ['db.type', Slot.dbSystem, 'system'],
  ['cache.type', Slot.dbSystem, 'system'],
  ['db.instance', Slot.dbNamespace],
  ['db.statement', Slot.dbQuery],
  ['db.operation', Slot.dbOperation],
  ['cache.cmd', Slot.dbOperation],
  ['mq.topic', Slot.destination],
  ['mq.queue', Slot.destination],
  ['mq.broker', Slot.serverAddress],
  ['rpc.status_code', Slot.rpcStatus],
  ['grpc.status_code', Slot.rpcStatus],
];

/** Length, first and last byte of a key: what few keys share. */
function markOf(b: Uint8Array, from: number, to: number): number {
  return (to - from) * 65536 + b[from]! * 256 + b[to - 1]!;
}

const integers: readonly number[] = [Slot.serverPort, Slot.clientPort, Slot.status];

/** Rules by the mark of their keys. */
function rulesByMark(): ReadonlyMap<number, readonly TagRule[]> {
  const own = slotKeys.map(
    (key, slot) => [key, slot, integers.includes(slot) ? 'integer' : 'text'] as const,
  );
  const rules = [...mapped, ...own].map(([tag, slot, kind = 'text']) => {
    const key = new TextEncoder().encode(tag);
    return { key, slot, kind } satisfies TagRule;
  });
  return Map.groupBy(rules, ({ key }) => markOf(key, 0, key.length));
}

const byMark = rulesByMark();

/** The rule for the tag whose key is bytes [from, to). */
export function ruleFor(b: Uint8Array, from: number, to: number): TagRule | undefined {
  if (from === to) return undefined;
  const rules = byMark.get(markOf(b, from, to));
  if (rules === undefined) return undefined;
  for (const rule of rules) {
    const { key } = rule;
    let i = key.length - 1;
    while (i >= 0 && b[from + i] === key[i]) i -= 1;
    if (i < 0) return rule;
  }
  return undefined;
}

/** SkyWalking's names of databases and caches that OpenTelemetry calls otherwise. */
const systems: ReadonlyMap<string, string> = new Map([
  ['h2', 'h2database'],
  ['oracle', 'oracle.db'],
  ['mssql', 'microsoft.sql_server'],
  ['sqlserver', 'microsoft.sql_server'],
  ['db2', 'ibm.db2'],
  ['sql', 'other_sql'],
  ['hsqldb', 'hsqldb'],
  ['dynamodb', 'aws.dynamodb'],
  ['solr', 'solr'],
]);

/** OpenTelemetry's name of a database: `Mysql` is `mysql`, `Oracle` is `oracle.db`. */
export function systemName(text: string): string {
  const low = text.toLowerCase();
  return systems.get(low) ?? low;
}
