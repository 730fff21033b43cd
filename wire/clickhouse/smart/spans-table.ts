import { ArrayColumn, FixedColumn, LowCardinalityColumn, StringColumn } from '../columns.ts';
import type { Table } from '../day-tables.ts';
import type { Dictionary } from '../dictionary.ts';
import type { Operation } from './dictionary-tables.ts';
import type { InternedSet } from './sets.ts';
import { TextAttributes, TypedAttributes } from './typed-attributes.ts';

/** Integers with columns of their own, in the order of these columns. */
const ENTITIES = ['wirestitch.client.entity', 'wirestitch.server.entity'].map((key) =>
  new TextEncoder().encode(key),
);

/** Columns of `spans` (docs/schema.md) for one day, and what these rows refer to. */
export class SpansTable implements Table {
  rows = 0;
  readonly bucket = new FixedColumn('bucket', "DateTime('UTC')");
  readonly traceId = new FixedColumn('trace_id', 'FixedString(16)');
  readonly spanId = new FixedColumn('span_id', 'FixedString(8)');
  readonly parentSpanId = new FixedColumn('parent_span_id', 'FixedString(8)');
  readonly time = new FixedColumn('time', "DateTime64(9, 'UTC')");
  readonly duration = new FixedColumn('duration', 'Int64');
  readonly service = new LowCardinalityColumn('service');
  readonly spanName = new LowCardinalityColumn('name');
  readonly kind = new FixedColumn('kind', 'UInt8');
  readonly statusCode = new FixedColumn('status_code', 'UInt8');
  readonly statusMessage = new StringColumn('status_message');
  readonly traceState = new StringColumn('trace_state');
  readonly flags = new FixedColumn('flags', 'UInt32');
  readonly droppedAttributes = new FixedColumn('dropped_attributes', 'UInt32');
  readonly droppedEvents = new FixedColumn('dropped_events', 'UInt32');
  readonly droppedLinks = new FixedColumn('dropped_links', 'UInt32');
  readonly resourceId = new FixedColumn('resource_id', 'UInt64');
  readonly scopeId = new FixedColumn('scope_id', 'UInt64');
  readonly resourceInline = new StringColumn('resource_inline');
  readonly scopeInline = new StringColumn('scope_inline');
  readonly clientEntity = new FixedColumn('client_entity', 'UInt64');
  readonly serverEntity = new FixedColumn('server_entity', 'UInt64');
  readonly attributes = new TypedAttributes('attributes_', ENTITIES);
  readonly eventTimes = fixedArray('events.time', "DateTime64(9, 'UTC')");
  readonly eventNames = new ArrayColumn('events.name', new LowCardinalityColumn(''));
  readonly eventAttributes = new TextAttributes();
  readonly eventStrings = new ArrayColumn('events.attributes', this.eventAttributes.strings);
  readonly eventOthers = new ArrayColumn('events.attributes_other', this.eventAttributes.others);
  readonly eventDropped = fixedArray('events.dropped_attributes', 'UInt32');
  readonly linkTraceIds = fixedArray('links.trace_id', 'FixedString(16)');
  readonly linkSpanIds = fixedArray('links.span_id', 'FixedString(8)');
  readonly linkTraceStates = new ArrayColumn('links.trace_state', new StringColumn(''));
  readonly linkFlags = fixedArray('links.flags', 'UInt32');
  readonly linkAttributes = new TextAttributes();
  readonly linkStrings = new ArrayColumn('links.attributes', this.linkAttributes.strings);
  readonly linkOthers = new ArrayColumn('links.attributes_other', this.linkAttributes.others);
  readonly linkDropped = fixedArray('links.dropped_attributes', 'UInt32');
  readonly eventColumns = [
    this.eventTimes,
    this.eventNames,
    this.eventStrings,
    this.eventOthers,
    this.eventDropped,
  ];
  readonly linkColumns = [
    this.linkTraceIds,
    this.linkSpanIds,
    this.linkTraceStates,
    this.linkFlags,
    this.linkStrings,
    this.linkOthers,
    this.linkDropped,
  ];
  readonly columns = [
    this.bucket,
    this.traceId,
    this.spanId,
    this.parentSpanId,
    this.time,
    this.duration,
    this.service,
    this.spanName,
    this.kind,
    this.statusCode,
    this.statusMessage,
    this.traceState,
    this.flags,
    this.droppedAttributes,
    this.droppedEvents,
    this.droppedLinks,
    this.resourceId,
    this.scopeId,
    this.resourceInline,
    this.scopeInline,
    this.clientEntity,
    this.serverEntity,
    ...this.attributes.columns,
    ...this.eventColumns,
    ...this.linkColumns,
  ];
  /** Sets that rows of this table refer to. */
  readonly resources = new Set<InternedSet>();
  readonly scopes = new Set<InternedSet>();
  readonly operations = new OperationSet();
}

function fixedArray(name: string, type: string): ArrayColumn<FixedColumn> {
  return new ArrayColumn(name, new FixedColumn('', type));
}

/**
 * The distinct (service, name, kind) of one table, by numbers of its columns' dictionaries: open
 * addressing, keys packed as service, name * 256 + kind; -1 = free; at most half full.
 */
class OperationSet {
  #slots = new Int32Array(1024).fill(-1);
  #count = 0;

  add(service: number, name: number, kind: number): void {
    const second = name * 256 + kind;
    const mask = this.#slots.length / 2 - 1;
    let slot = (Math.imul(service, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & mask;
    for (;;) {
      const found = this.#slots[slot * 2]!;
      if (found === -1) break;
      if (found === service && this.#slots[slot * 2 + 1] === second) return;
      slot = (slot + 1) & mask;
    }
    this.#slots[slot * 2] = service;
    this.#slots[slot * 2 + 1] = second;
    if (++this.#count * 2 > mask) this.#grow();
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2).fill(-1);
    this.#count = 0;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== -1) this.add(old[at]!, old[at + 1]! >>> 8, old[at + 1]! & 255);
    }
  }

  /** The operations, with their texts from the dictionaries of the table. */
  list(services: Dictionary, names: Dictionary): Operation[] {
    const operations: Operation[] = [];
    for (let at = 0; at < this.#slots.length; at += 2) {
      const service = this.#slots[at]!;
      if (service === -1) continue;
      const second = this.#slots[at + 1]!;
      operations.push({
        service: textOf(services, service),
        name: textOf(names, second >>> 8),
        kind: second & 255,
      });
    }
    return operations;
  }

  reset(): void {
    if (this.#slots.length > 1 << 16) this.#slots = new Int32Array(1024);
    this.#slots.fill(-1);
    this.#count = 0;
  }
}

function textOf(dictionary: Dictionary, id: number): Uint8Array {
  return dictionary.content.bytes.slice(dictionary.start[id]!, dictionary.end[id]!);
}
