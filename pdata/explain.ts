import type { CheckResult } from './check.ts';
import { Fault } from './check-table.ts';
import { type Message, messages } from './schema.ts';
import { WireError } from './wire-error.ts';

interface Place {
  path: string;
  /** Message that holds the faulty field. */
  owner: Message;
  /** Number of the faulty field, 0 when its tag cannot be read. */
  field: number;
}

function varintAt(b: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  let scale = 1;
  let p = at;
  for (; p < b.length && p - at < 10; p += 1) {
    value += (b[p]! & 127) * scale;
    scale *= 128;
    if (b[p]! < 128) break;
  }
  return { value, end: p + 1 };
}

/** Bytes after a field's tag that its value takes, groups excepted; the field was checked. */
function valueEnd(b: Uint8Array, tag: number, at: number): { start: number; end: number } {
  if ((tag & 7) === 0) return { start: at, end: varintAt(b, at).end };
  if ((tag & 7) === 1) return { start: at, end: at + 8 };
  if ((tag & 7) === 5) return { start: at, end: at + 4 };
  const length = varintAt(b, at);
  return { start: length.end, end: length.end + length.value };
}

/** Finds the field that begins at `offset`, or the unknown group that holds it. */
function locate(b: Uint8Array, root: Message, offset: number): Place {
  let owner = root;
  let path = '';
  let p = 0;
  let counts = new Map<number, number>();
  for (;;) {
    const tag = varintAt(b, p);
    const number = Math.floor(tag.value / 8);
    const field = owner.byNumber[number];
    const nth = counts.get(number) ?? 0;
    counts.set(number, nth + 1);
    const name = field === undefined ? `field ${number}` : field.snake;
    const here = field?.repeated === true ? `${name}[${nth}]` : name;
    const inner = (tag.value & 7) === 3;
    if (p >= offset || inner || tag.end > b.length) {
      const known = p === offset || inner;
      const full = path === '' ? here : `${path}.${here}`;
      return { path: known && number > 0 ? full : path, owner, field: number };
    }
    const value = valueEnd(b, tag.value, tag.end);
    if (offset >= value.end) {
      p = value.end;
      continue;
    }
    path = path === '' ? here : `${path}.${here}`;
    owner = messages[field?.message ?? 0] ?? root;
    counts = new Map();
    p = value.start;
  }
}

/** The group's message name reads better than the name of the request's only field. */
function displayPath(path: string): string {
  return path
    .replace(/^resource_spans(\[\d+\])?/, 'ResourceSpans$1')
    .replace(/^resource_logs(\[\d+\])?/, 'ResourceLogs$1')
    .replace(/^resource_metrics(\[\d+\])?/, 'ResourceMetrics$1')
    .replace(/^resource_profiles(\[\d+\])?/, 'ResourceProfiles$1');
}

const wireTypeNames = ['varint', 'fixed64', 'bytes', 'start group', 'end group', 'fixed32'];

function reason(result: CheckResult, place: Place, maxNesting: number): string {
  const { detail } = result;
  const kind = place.owner.byNumber[place.field]?.kind;
  switch (result.fault) {
    case Fault.varintEnd:
      return 'a varint runs past the end of its message';
    case Fault.varintLong:
      return 'a varint is longer than 10 bytes';
    case Fault.fieldZero:
      return 'field number 0';
    case Fault.tagLarge:
      return 'a tag is larger than 32 bits';
    case Fault.wireType:
      return `wire type ${detail} does not exist`;
    case Fault.wrongType:
      return `wire type ${detail} (${wireTypeNames[detail] ?? '?'}) does not fit ${kind ?? '?'}`;
    case Fault.lengthEnd:
      return `length ${detail} runs past the end of its message`;
    case Fault.fixedEnd:
      return 'a fixed-width value runs past the end of its message';
    case Fault.idLength:
      return `length ${detail}, expected 0 or ${kind === 'id8' ? 8 : 16}`;
    case Fault.utf8:
      return 'text is not valid UTF-8';
    case Fault.nesting:
      return `nesting is deeper than ${maxNesting}`;
    case Fault.group:
      return detail === 4 ? 'an end group without its start' : 'a group is not ended';
    case Fault.packed:
      return `length ${detail} of packed 64-bit values is not a multiple of 8`;
    case Fault.once:
      return 'a metric has data twice';
    default:
      return 'unknown fault';
  }
}

/** The error for a fault that a structural pass found. */
export function explainFault(
  bytes: Uint8Array,
  root: Message,
  result: CheckResult,
  maxNesting: number,
): WireError {
  const place = locate(bytes, root, result.offset);
  const path = displayPath(place.path);
  const what = path === '' ? 'request' : path;
  return new WireError(
    `cannot read ${what} at byte ${result.offset}: ${reason(result, place, maxNesting)}`,
    result.offset,
    path,
  );
}
