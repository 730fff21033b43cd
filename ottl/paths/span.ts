import { setStringField } from '../../pdata/overlay.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { SpanField } from '../../pdata/readers.ts';
import { OttlError, OttlRuntimeError } from '../errors.ts';
import { itemView, type PathAccess, partView, type ViewOf } from './access.ts';
import { attributesAccess } from './attributes.ts';
import { int32At } from './bytes.ts';
import {
  enumField,
  expectInt,
  expectString,
  fixed32Field,
  idField,
  idTextField,
  setIntField,
  textField,
  timeField,
  uint32Field,
  unixNanoField,
} from './fields.ts';
import { insideText, insideVarint, messageField, repeatedField, writeInside } from './parts.ts';
import { type Key, type Segment, unknownSegment } from './segments.ts';
import { parseTraceState, withMember } from './trace-state.ts';

const kindNames = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'];
const view = itemView;
const status = { message: 2, code: 3 } as const;

function kindText(prefix: string, upper: boolean, what: string): PathAccess {
  const names = kindNames.map((name) => prefix + (upper ? name.toUpperCase() : name));
  return {
    isLiteral: false,
    get: (place) => names[view(place).uint(SpanField.kind)] ?? '',
    set(place, value) {
      const text = expectString(value);
      const kind = names.indexOf(text);
      if (kind < 0) throw new OttlRuntimeError(`unknown span kind ${what}string, ${text}`);
      setIntField(view(place), SpanField.kind, BigInt(kind));
    },
  };
}

function kind(segment: Segment): PathAccess {
  const next = segment.step();
  if (next === undefined) return enumField(view, SpanField.kind);
  if (next.name === 'string') return kindText('', false, '');
  if (next.name === 'deprecated_string') return kindText('SPAN_KIND_', true, 'deprecated ');
  throw unknownSegment(next.name, next.path, 'span');
}

/** An id: bytes, or with `.string` hex digits. */
export function idPath(
  segment: Segment,
  of: ViewOf,
  field: number,
  kindOf: 'trace' | 'span',
  context: string,
): PathAccess {
  const next = segment.step();
  if (next === undefined) return idField(of, field, kindOf);
  if (next.name === 'string') return idTextField(of, field, kindOf);
  throw unknownSegment(next.name, next.path, context);
}

function statusCode(): PathAccess {
  return {
    isLiteral: false,
    get: (place) => BigInt(insideVarint(view(place), SpanField.status, status.code, int32At)),
    set(place, value) {
      const w = new Writer(16);
      const code = BigInt.asIntN(32, expectInt(value));
      if (code !== 0n) w.intField(status.code, code);
      writeInside(view(place), SpanField.status, status.code, w.take());
    },
  };
}

function statusMessage(): PathAccess {
  return {
    isLiteral: false,
    get: (place) => insideText(view(place), SpanField.status, status.message),
    set(place, value) {
      const text = expectString(value);
      const w = new Writer(text.length + 16);
      if (text !== '') w.stringField(status.message, text);
      writeInside(view(place), SpanField.status, status.message, w.take());
    },
  };
}

function statusPath(segment: Segment): PathAccess {
  const next = segment.step();
  if (next === undefined) return messageField(view, SpanField.status, 'ptrace.Status');
  if (next.name === 'code') return statusCode();
  if (next.name === 'message') return statusMessage();
  throw unknownSegment(next.name, next.path, 'span');
}

function traceStateMember(keys: readonly Key[]): PathAccess {
  if (keys.length !== 1) {
    throw new OttlError('must provide exactly 1 key when accessing trace_state');
  }
  const { text } = keys[0]!;
  const wrong = (): never => {
    throw new OttlRuntimeError('trace_state indexing type must be a string');
  };
  return {
    isLiteral: false,
    get(place) {
      const state = parseTraceState(view(place).string(SpanField.traceState));
      if (state === undefined) return null;
      if (text === undefined) return wrong();
      return state.find(([key]) => key === text)?.[1] ?? '';
    },
    set(place, value) {
      const member = expectString(value);
      const state = parseTraceState(view(place).string(SpanField.traceState));
      if (state === undefined) return;
      const changed = withMember(state, text ?? wrong(), member);
      if (changed !== undefined) setStringField(view(place), SpanField.traceState, changed);
    },
  };
}

function traceState(segment: Segment): PathAccess {
  const keys = segment.keys();
  return keys === undefined ? textField(view, SpanField.traceState) : traceStateMember(keys);
}

const paths: Readonly<Record<string, (segment: Segment) => PathAccess>> = {
  trace_id: (segment) => idPath(segment, view, SpanField.traceId, 'trace', 'span'),
  span_id: (segment) => idPath(segment, view, SpanField.spanId, 'span', 'span'),
  parent_span_id: (segment) => idPath(segment, view, SpanField.parentSpanId, 'span', 'span'),
  trace_state: traceState,
  name: () => textField(view, SpanField.name),
  kind,
  start_time_unix_nano: () => unixNanoField(view, SpanField.start),
  end_time_unix_nano: () => unixNanoField(view, SpanField.end),
  start_time: () => timeField(view, SpanField.start),
  end_time: () => timeField(view, SpanField.end),
  attributes: (segment) => attributesAccess(view, segment.keys()),
  dropped_attributes_count: () => uint32Field(view, SpanField.droppedAttributes),
  events: () => repeatedField(view, SpanField.events, 'ptrace.SpanEventSlice'),
  dropped_events_count: () => uint32Field(view, SpanField.droppedEvents),
  links: () => repeatedField(view, SpanField.links, 'ptrace.SpanLinkSlice'),
  dropped_links_count: () => uint32Field(view, SpanField.droppedLinks),
  status: statusPath,
  flags: () => fixed32Field(view, SpanField.flags, true),
};

/** `span.` paths. */
export function spanPath(segment: Segment): PathAccess {
  const make = paths[segment.name];
  if (make === undefined) throw unknownSegment(segment.name, segment.path, 'span');
  return make(segment);
}

const eventPaths: Readonly<Record<string, (segment: Segment) => PathAccess>> = {
  time_unix_nano: () => unixNanoField(partView, 1),
  time: () => timeField(partView, 1),
  name: () => textField(partView, 2),
  attributes: (segment) => attributesAccess(partView, segment.keys()),
  dropped_attributes_count: () => uint32Field(partView, 4),
  event_index: () => ({
    isLiteral: false,
    get() {
      throw new OttlRuntimeError("no 'event_index' property has been set");
    },
    set() {
      throw new OttlRuntimeError("the 'event_index' path cannot be modified");
    },
  }),
};

/** `spanevent.` paths. */
export function spanEventPath(segment: Segment): PathAccess {
  const make = eventPaths[segment.name];
  if (make === undefined) throw unknownSegment(segment.name, segment.path, 'spanevent');
  return make(segment);
}
