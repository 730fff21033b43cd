/** Spans for tests, out of as little as a test wants to say. */
import type {
  AttributeValue,
  KeyValue,
  StoredResource,
  StoredScope,
  StoredSpan,
} from '../../../../storage/traces/model.ts';

const baseNs = 1_700_000_000_000_000_000n;

export interface Sketch {
  /** A small number or 16 hex digits. */
  readonly id: number | string;
  readonly parent?: number | string;
  /** Nanoseconds since the base. */
  readonly from: number | bigint;
  readonly to: number | bigint;
  readonly name?: string;
  readonly service?: string;
  readonly kind?: number;
  readonly status?: number;
  readonly attributes?: Readonly<Record<string, string | bigint | boolean>>;
  readonly host?: string;
  readonly source?: string;
}

export const traceId = 'a'.repeat(32);

export function hexId(id: number | string): string {
  return typeof id === 'string' ? id : id.toString(16).padStart(16, '0');
}

const scope: StoredScope = {
  name: 'test',
  version: '1',
  attributes: [],
  droppedAttributesCount: 0,
  schemaUrl: '',
};

function attributesOf(values: Readonly<Record<string, string | bigint | boolean>>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: typedValue(value) }));
}

function typedValue(value: string | bigint | boolean): AttributeValue {
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value === 'bigint') return { type: 'int', value };
  return { type: 'bool', value };
}

/** Resources are shared by spans that say the same, as a reader's are. */
export function sketches(list: readonly Sketch[]): StoredSpan[] {
  const resources = new Map<string, StoredResource>();
  return list.map((sketch) => {
    const { service = 'shop', host = '', source = '' } = sketch;
    const key = JSON.stringify([service, host, source]);
    const resource = resources.get(key) ?? {
      attributes: attributesOf({
        'service.name': service,
        ...(host === '' ? {} : { 'host.name': host }),
        ...(source === '' ? {} : { 'wirestitch.capture.source': source }),
      }),
      droppedAttributesCount: 0,
      schemaUrl: '',
    };
    resources.set(key, resource);
    return {
      traceId,
      spanId: hexId(sketch.id),
      parentSpanId: sketch.parent === undefined ? '' : hexId(sketch.parent),
      traceState: '',
      flags: 0,
      name: sketch.name ?? `span ${sketch.id}`,
      kind: sketch.kind ?? 1,
      startUnixNano: BigInt.asUintN(64, baseNs + BigInt(sketch.from)),
      endUnixNano: BigInt.asUintN(64, baseNs + BigInt(sketch.to)),
      attributes: attributesOf(sketch.attributes ?? {}),
      droppedAttributesCount: 0,
      events: [],
      droppedEventsCount: 0,
      links: [],
      droppedLinksCount: 0,
      statusCode: sketch.status ?? 0,
      statusMessage: '',
      resource,
      scope,
    };
  });
}
