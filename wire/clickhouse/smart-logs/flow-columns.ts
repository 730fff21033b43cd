import { addressBytes, parseAddress } from '../../address/parse.ts';
import { type Column, FixedColumn, LowCardinalityColumn } from '../columns.ts';
import { boolAt, int64At, Kind, type ValueAt } from '../value-at.ts';
import { copyVarint64 } from '../varint64.ts';

/** How the value of an attribute becomes a column. */
type Form = 'text' | 'u64' | 'i64' | 'u32' | 'u16' | 'u8' | 'bool' | 'address' | 'hex64';

/**
 * Attributes of event `flow` (docs/attributes.md, "Flows") that have a column of table `flows`. All
 * others, and values of another type, go to its column `attributes`.
 */
const mapping: readonly (readonly [attribute: string, column: string, form: Form])[] = [
  ['wirestitch.flow.id', 'flow_id', 'hex64'],
  ['wirestitch.flow.duration', 'duration', 'i64'],
  ['wirestitch.client.entity', 'client_entity', 'u64'],
  ['wirestitch.server.entity', 'server_entity', 'u64'],
  ['wirestitch.client.service', 'client_service', 'text'],
  ['wirestitch.server.service', 'server_service', 'text'],
  ['wirestitch.observation_point', 'observation_point', 'text'],
  ['wirestitch.capture.interface', 'interface', 'u32'],
  ['client.address', 'client_address', 'address'],
  ['server.address', 'server_address', 'address'],
  ['client.port', 'client_port', 'u16'],
  ['server.port', 'server_port', 'u16'],
  ['network.transport', 'transport', 'text'],
  ['network.type', 'network_type', 'text'],
  ['network.protocol.name', 'l7_protocol', 'text'],
  ['wirestitch.flow.new', 'is_new', 'bool'],
  ['wirestitch.flow.close_type', 'close_type', 'text'],
  ['wirestitch.flow.close_number', 'close_number', 'u8'],
  ['wirestitch.flow.status', 'status', 'text'],
  ...side('client', 'sent'),
  ...side('server', 'received'),
  ['wirestitch.flow.syns', 'syns', 'u32'],
  ['wirestitch.flow.syn_acks', 'syn_acks', 'u32'],
  ['wirestitch.flow.syn_retransmissions', 'syn_retransmissions', 'u32'],
  ['wirestitch.flow.syn_ack_retransmissions', 'syn_ack_retransmissions', 'u32'],
  ['wirestitch.flow.requests', 'requests', 'u32'],
  ['wirestitch.flow.responses', 'responses', 'u32'],
  ['wirestitch.flow.errors', 'errors', 'u32'],
  ['wirestitch.flow.rtt', 'rtt', 'u64'],
  ...delay('client_rtt'),
  ...delay('server_rtt'),
  ...delay('srt'),
  ...delay('art'),
  ...delay('cit'),
];

/** What one end sent. */
function side(end: string, direction: string): [string, string, Form][] {
  const counts: readonly (readonly [string, Form])[] = [
    ['packets', 'u64'],
    ['bytes', 'u64'],
    ['payload', 'u64'],
    ['retransmissions', 'u32'],
    ['out_of_order', 'u32'],
    ['zero_windows', 'u32'],
    ['fins', 'u32'],
  ];
  return counts.map(([name, form]) => [
    `wirestitch.flow.${end}.${name}`,
    `${name}_${direction}`,
    form,
  ]);
}

function delay(name: string): [string, string, Form][] {
  return [
    [`wirestitch.flow.${name}.count`, `${name}_count`, 'u32'],
    [`wirestitch.flow.${name}.sum`, `${name}_sum`, 'u64'],
    [`wirestitch.flow.${name}.max`, `${name}_max`, 'u64'],
  ];
}

/** One mapped attribute and its column. */
class FlowColumn {
  readonly attribute: string;
  readonly column: FixedColumn | LowCardinalityColumn;
  readonly #form: Form;
  /** Bytes of addresses by their texts: the same ones come again and again. */
  readonly #addresses = new Map<string, Uint8Array | undefined>();

  constructor(attribute: string, name: string, form: Form) {
    this.attribute = attribute;
    this.#form = form;
    this.column =
      form === 'text' ? new LowCardinalityColumn(name) : new FixedColumn(name, typeOf(form));
  }

  /** Adds a value if it is of the column's type. @returns whether it was */
  put(b: Uint8Array, value: ValueAt): boolean {
    const { column } = this;
    if (column instanceof LowCardinalityColumn) return putText(column, b, value);
    switch (this.#form) {
      case 'bool':
        if (value.kind !== Kind.BOOL) return false;
        column.data.u8(boolAt(b, value.start) ? 1 : 0);
        return true;
      case 'address':
        return this.#putAddress(column, b, value);
      case 'hex64':
        return putHex(column, b, value);
      default:
        return value.kind === Kind.INT && putInt(column, this.#form, b, value);
    }
  }

  #putAddress(column: FixedColumn, b: Uint8Array, value: ValueAt): boolean {
    const text = asText(b, value);
    if (text === undefined) return false;
    let bytes = this.#addresses.get(text);
    if (bytes === undefined && !this.#addresses.has(text)) {
      bytes = parseAddress(text) === undefined ? undefined : addressBytes(text);
      if (this.#addresses.size === MAX_ADDRESSES) this.#addresses.clear();
      this.#addresses.set(text, bytes);
    }
    if (bytes === undefined) return false;
    column.data.copy(bytes, 0, 16);
    return true;
  }

  putDefault(): void {
    const { column } = this;
    if (column instanceof LowCardinalityColumn) column.put(NOTHING, 0, 0);
    else column.data.zeros(widths[column.type] ?? 8);
  }
}

const NOTHING = new Uint8Array(0);
/** Beyond, all texts are forgotten. */
const MAX_ADDRESSES = 8192;

const widths: Readonly<Record<string, number>> = {
  Bool: 1,
  UInt8: 1,
  UInt16: 2,
  UInt32: 4,
  UInt64: 8,
  Int64: 8,
  IPv6: 16,
};

function typeOf(form: Form): string {
  switch (form) {
    case 'bool':
      return 'Bool';
    case 'address':
      return 'IPv6';
    case 'u8':
      return 'UInt8';
    case 'u16':
      return 'UInt16';
    case 'u32':
      return 'UInt32';
    case 'i64':
      return 'Int64';
    default:
      return 'UInt64';
  }
}

/** Numbers as text, too: a code is a name. */
function putText(column: LowCardinalityColumn, b: Uint8Array, value: ValueAt): boolean {
  if (value.kind === Kind.STRING) column.put(b, value.start, value.end);
  else if (value.kind === Kind.INT) {
    const text = Buffer.from(int64At(b, value.start).toString());
    column.put(text, 0, text.length);
  } else return false;
  return true;
}

function putInt(column: FixedColumn, form: Form, b: Uint8Array, value: ValueAt): boolean {
  if (form === 'u64' || form === 'i64') {
    copyVarint64(column.data, b, value.start);
    return true;
  }
  const width = widths[column.type]!;
  const number = smallAt(b, value);
  if (number < 0 || number >= 2 ** (8 * width)) return false;
  if (width === 4) column.data.u32(number);
  else for (let shift = 0; shift < 8 * width; shift += 8) column.data.u8((number >>> shift) & 255);
  return true;
}

/** A varint as a number, which is exact up to 2^53. */
function smallAt(b: Uint8Array, value: ValueAt): number {
  if (value.end - value.start > 4) return Number(int64At(b, value.start));
  let number = 0;
  for (let p = value.end - 1; p >= value.start; p--) number = (number << 7) | (b[p]! & 127);
  return number;
}

function putHex(column: FixedColumn, b: Uint8Array, value: ValueAt): boolean {
  const text = asText(b, value);
  if (text === undefined || !/^[0-9a-f]{16}$/.test(text)) return false;
  column.data.u64(Number.parseInt(text.slice(8), 16), Number.parseInt(text.slice(0, 8), 16));
  return true;
}

function asText(b: Uint8Array, value: ValueAt): string | undefined {
  if (value.kind !== Kind.STRING || value.end - value.start > 64) return undefined;
  const { start, end } = value;
  return Buffer.from(b.buffer, b.byteOffset + start, end - start).toString('latin1');
}

/** New columns for all mapped attributes. */
export function flowColumns(): FlowColumn[] {
  return mapping.map(([attribute, column, form]) => new FlowColumn(attribute, column, form));
}

/** The columns themselves. */
export function columnsOf(columns: readonly FlowColumn[]): Column[] {
  return columns.map(({ column }) => column);
}
