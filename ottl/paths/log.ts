import { setBytesField } from '../../pdata/overlay.ts';
import { LogField } from '../../pdata/readers.ts';
import { OttlRuntimeError } from '../errors.ts';
import type { Place } from '../place.ts';
import { valueText } from '../text.ts';
import { kindName, type OttlValue } from '../values.ts';
import { itemView, type PathAccess } from './access.ts';
import { attributesAccess } from './attributes.ts';
import { readValue, valueBytes } from './bytes.ts';
import {
  enumField,
  expectString,
  fixed32Field,
  textField,
  timeField,
  uint32Field,
  unixNanoField,
} from './fields.ts';
import { checkStorable, getNested, setNested } from './nested.ts';
import { type Key, type Segment, unknownSegment } from './segments.ts';
import { idPath } from './span.ts';

const view = itemView;

function readBody(place: Place): OttlValue {
  const message = view(place);
  return message.findField(LogField.body) ? readValue(message.value) : null;
}

function writeBody(place: Place, value: OttlValue): void {
  setBytesField(view(place), LogField.body, valueBytes(value));
}

/** @throws OttlRuntimeError for a body that has nothing inside */
function indexable(body: OttlValue): OttlValue {
  if (body instanceof Map || Array.isArray(body)) return body;
  throw new OttlRuntimeError(`log bodies of type ${kindName(body)} cannot be indexed`);
}

function bodyKey(keys: readonly Key[]): PathAccess {
  return {
    isLiteral: false,
    get: (place) => getNested(indexable(readBody(place)), keys, place),
    set(place, value) {
      writeBody(place, setNested(indexable(readBody(place)), keys, place, value));
    },
  };
}

function wholeBody(): PathAccess {
  return {
    isLiteral: false,
    spot: { kind: 'any', view, field: LogField.body },
    get: readBody,
    set(place, value) {
      if (value === null) return;
      checkStorable(value, readBody(place));
      writeBody(place, value);
    },
  };
}

const bodyText: PathAccess = {
  isLiteral: false,
  get: (place) => valueText(readBody(place)),
  set: (place, value) => writeBody(place, expectString(value)),
};

function body(segment: Segment): PathAccess {
  const next = segment.step();
  if (next !== undefined) {
    if (next.name === 'string') return bodyText;
    throw unknownSegment(next.name, next.path, 'log');
  }
  const keys = segment.keys();
  return keys === undefined ? wholeBody() : bodyKey(keys);
}

const paths: Readonly<Record<string, (segment: Segment) => PathAccess>> = {
  time_unix_nano: () => unixNanoField(view, LogField.time),
  observed_time_unix_nano: () => unixNanoField(view, LogField.observedTime),
  time: () => timeField(view, LogField.time),
  observed_time: () => timeField(view, LogField.observedTime),
  severity_number: () => enumField(view, LogField.severityNumber),
  severity_text: () => textField(view, LogField.severityText),
  body,
  attributes: (segment) => attributesAccess(view, segment.keys()),
  dropped_attributes_count: () => uint32Field(view, LogField.droppedAttributes),
  flags: () => fixed32Field(view, LogField.flags, false),
  trace_id: (segment) => idPath(segment, view, LogField.traceId, 'trace', 'log'),
  span_id: (segment) => idPath(segment, view, LogField.spanId, 'span', 'log'),
  event_name: () => textField(view, LogField.eventName),
};

/** `log.` paths. */
export function logPath(segment: Segment): PathAccess {
  const make = paths[segment.name];
  if (make === undefined) throw unknownSegment(segment.name, segment.path, 'log');
  return make(segment);
}
