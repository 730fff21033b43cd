import { decimal } from '../../pdata/actions/decimal.ts';
import { compileChoice } from '../../pdata/actions/match.ts';
import { encodeValue } from '../../pdata/builder.ts';
import { setAttribute, setBytesField, setStringField } from '../../pdata/overlay.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import {
  AttributeKey,
  type MessageView,
  SpanField,
  type SpanReader,
  ValueType,
} from '../../pdata/readers.ts';
import { compileRegexp, type GoRegexp } from '../../pdata/regexp/index.ts';
import type { Config } from './config.ts';

type Edit = (span: MessageView) => void;

/** A value as part of a name; lists, maps and bytes have no such form. */
function namePart(view: MessageView): string {
  const { value } = view;
  switch (value.type) {
    case ValueType.string:
    case ValueType.bool:
    case ValueType.int:
      return value.toText();
    case ValueType.double:
      return decimal(value.number());
    default:
      return '<unknown-attribute-type>';
  }
}

function fromAttributes({ from_attributes: keys, separator }: Config['name']): Edit {
  const names = keys.map((key) => new AttributeKey(key));
  return (span) => {
    let name = '';
    for (let i = 0; i < names.length; i += 1) {
      if (!span.find(names[i]!)) return;
      if (i > 0) name += separator;
      name += namePart(span);
    }
    setStringField(span, SpanField.name, name);
  };
}

/** A rule with the attributes that its groups become. */
interface Rule {
  readonly pattern: GoRegexp;
  readonly keys: readonly AttributeKey[];
}

function ruleOf(text: string): Rule {
  try {
    const pattern = compileRegexp(text);
    return { pattern, keys: pattern.groupNames.map((name) => new AttributeKey(name)) };
  } catch (error) {
    throw new Error(`invalid regexp pattern ${text}: ${(error as Error).message}`);
  }
}

function toAttributes(config: NonNullable<Config['name']['to_attributes']>): Edit {
  const rules = config.rules.map(ruleOf);
  return (span) => {
    let name = span.string(SpanField.name);
    if (name === '') return;
    for (const { pattern, keys } of rules) {
      const places = pattern.test(name) ? pattern.places(name) : undefined;
      if (places === undefined) continue;
      const renamed = applyRule(span, name, places, keys);
      if (!config.keep_original_name) {
        name = renamed;
        setStringField(span, SpanField.name, name);
      }
      if (config.break_after_match) return;
    }
  };
}

/** Where a match and its groups are; undefined for a group that took no part. */
type Places = readonly (readonly [start: number, end: number] | undefined)[];

/** Makes attributes of the groups. @returns the name with their keys in their places */
function applyRule(
  span: MessageView,
  name: string,
  places: Places,
  keys: readonly AttributeKey[],
): string {
  let renamed = '';
  let at = 0;
  for (let i = 0; i < keys.length; i += 1) {
    const place = places[i + 1];
    setAttribute(span, keys[i]!, encodeValue(place === undefined ? '' : name.slice(...place)));
    if (place === undefined) continue;
    renamed += `${name.slice(at, Math.max(at, place[0]))}{${keys[i]!.text}}`;
    at = place[1];
  }
  return renamed + name.slice(at);
}

const statusCodes = { Unset: 0, Ok: 1, Error: 2 } as const;

function setStatus({ code, description }: NonNullable<Config['status']>): Edit {
  if (!Object.hasOwn(statusCodes, code)) {
    throw new Error('"status" must have specified "code" as "Ok" or "Error" or "Unset"');
  }
  if (description !== '' && code !== 'Error') {
    throw new Error('"description" can be specified only for "code" "Error"');
  }
  const w = new Writer(64);
  if (description !== '') w.stringField(2, description);
  w.uintField(3, statusCodes[code as keyof typeof statusCodes]);
  const bytes = w.take();
  return (span) => setBytesField(span, SpanField.status, bytes);
}

/**
 * What is done to the span that a reader of an editable batch stands on.
 * @throws Error for a configuration that does nothing or cannot be used
 */
export function compileEdits(config: Config): (reader: SpanReader) => void {
  const { name, status } = config;
  const edits: Edit[] = [];
  if (name.from_attributes.length > 0) edits.push(fromAttributes(name));
  if (name.to_attributes !== undefined && name.to_attributes.rules.length > 0) {
    edits.push(toAttributes(name.to_attributes));
  }
  if (status !== undefined) edits.push(setStatus(status));
  if (edits.length === 0) {
    throw new Error(
      'either "from_attributes" or "to_attributes" must be specified in "name:" or "status" must be specified',
    );
  }
  const chosen = compileChoice('traces', config);
  return (reader) => {
    if (chosen !== undefined && !chosen(reader)) return;
    for (const edit of edits) edit(reader.item);
  };
}
