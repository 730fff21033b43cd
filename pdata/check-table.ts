import { type Field, type Message, message, messages } from './schema.ts';

/**
 * The structural pass as data: one 32-bit entry for each message and field number, read by the pass
 * in TypeScript and by the one in C.
 *
 *     bits 0-7   operation (Op); 0 = field unknown
 *     bits 8-15  message index of the child, for Op.message and Op.value
 *     bits 16-19 flags (Flag)
 *
 * The entry of number 0, which no field has, is 1 where field 1000 is the deprecated scope list.
 */
export const fieldsPerMessage = 17;

/** What a field's payload is checked as: the low bits of an entry. */
export const Op = {
  unknown: 0,
  varint: 1,
  fixed64: 2,
  fixed32: 3,
  bytes: 4,
  utf8: 5,
  id16: 6,
  id8: 7,
  message: 8,
  /** Repeated varints and 64-bit values: packed or one by one. */
  varints: 9,
  fixed64s: 10,
  /** A KeyValue. */
  attribute: 11,
  /** An AnyValue: counts toward the nesting limit. */
  value: 12,
  /** A KeyValue of a resource: the value of service.name is checked as text. */
  resourceAttribute: 13,
} as const;

/** What a field means in its message: the high bits of an entry. */
export const Flag = {
  /** One item of the batch. */
  item: 1 << 16,
  /** Resource or scope of a group: belongs before the list and at most once. */
  head: 1 << 17,
  /** Scope groups or items of a group. */
  list: 1 << 18,
  /** Data of a metric: at most one. */
  once: 1 << 19,
} as const;

/** Why a pass refused a request. */
export const Fault = {
  none: 0,
  varintEnd: 1,
  varintLong: 2,
  fieldZero: 3,
  tagLarge: 4,
  wireType: 5,
  wrongType: 6,
  lengthEnd: 7,
  fixedEnd: 8,
  idLength: 9,
  utf8: 10,
  nesting: 11,
  group: 12,
  packed: 13,
  once: 14,
} as const;

/** The number that a pass gives for what is wrong; 0 = nothing. */
export type Fault = (typeof Fault)[keyof typeof Fault];

/** Messages in which field 1000 is the list of old instrumentation_library groups. */
const deprecatedListOwners = new Set(['ResourceSpans', 'ResourceLogs', 'ResourceMetrics']);

const groupNames = /^(Resource|Scope)(Spans|Logs|Metrics|Profiles)$/;
const varintKinds = ['bool', 'int32', 'uint32', 'sint32', 'enum', 'int64', 'uint64'];

function scalarOp(field: Field): number {
  if (varintKinds.includes(field.kind)) return field.repeated ? Op.varints : Op.varint;
  switch (field.kind) {
    case 'fixed64':
    case 'sfixed64':
    case 'double':
      return field.repeated ? Op.fixed64s : Op.fixed64;
    case 'fixed32':
      return Op.fixed32;
    case 'utf8':
      return Op.utf8;
    case 'id16':
      return Op.id16;
    case 'id8':
      return Op.id8;
    default:
      return Op.bytes;
  }
}

function entry(owner: Message, field: Field): number {
  let flags: number = field.item ? Flag.item : 0;
  if (groupNames.test(owner.name)) {
    if (field.number === 1) flags |= Flag.head;
    if (field.number === 2) flags |= Flag.list;
  }
  if (field.kind !== 'message') return scalarOp(field) | flags;
  const child = messages[field.message]?.name;
  if (owner.name === 'Metric' && child !== 'KeyValue') flags |= Flag.once;
  let op: number = Op.message;
  if (child === 'AnyValue') op = Op.value;
  if (child === 'KeyValue') op = owner.name === 'Resource' ? Op.resourceAttribute : Op.attribute;
  return op | (field.message << 8) | flags;
}

function buildTable(): Int32Array {
  const table = new Int32Array(messages.length * fieldsPerMessage);
  for (const owner of messages) {
    for (const field of owner.fields) {
      table[owner.index * fieldsPerMessage + field.number] = entry(owner, field);
    }
    if (deprecatedListOwners.has(owner.name)) table[owner.index * fieldsPerMessage] = 1;
  }
  return table;
}

/** Entry of field `n` of message `m` at `m * fieldsPerMessage + n`. */
export const checkTable: Int32Array = buildTable();

/** Messages that the passes know by number. */
export const known = {
  keyValue: message('KeyValue').index,
  anyValue: message('AnyValue').index,
} as const;

/** Number of the field that held the scope groups before they were called scopes. */
export const deprecatedListField = 1000;
