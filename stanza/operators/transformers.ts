import { z } from 'zod';
import { typeName, type Value, type ValueMap } from '../../expr/index.ts';
import { compileRegexp, type GoRegexp } from '../../pdata/regexp/index.ts';
import { transformer } from '../build.ts';
import type { Entry } from '../entry/entry.ts';
import { deleteField, type Field, getField, printField, setField } from '../entry/field.ts';
import { entryExpression } from '../expressions.ts';
import { at, OperatorFault } from '../fault.ts';
import { unquote } from '../parse/unquote.ts';
import { field } from '../schema.ts';

/** A field that must be given. @throws OperatorFault with `message` */
function required(given: Field | undefined, key: string, message: string): Field {
  if (given === undefined) throw new OperatorFault(message, [key]);
  return given;
}

/** A value as it stands in a configuration. */
export function configValue(value: unknown): Value {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(configValue);
  if (typeof value === 'object' && value !== null) {
    return new Map(Object.entries(value).map(([key, inner]) => [key, configValue(inner)]));
  }
  return (value ?? null) as Value;
}

function copyOf(value: Value): Value {
  if (value instanceof Map) return new Map([...value].map(([key, inner]) => [key, copyOf(inner)]));
  return Array.isArray(value) ? value.map(copyOf) : value;
}

/** Operator `add`: sets a field to a value or to what an expression gives. */
export const add = transformer(
  { field: field().optional(), value: z.unknown().optional() },
  (config) => {
    const place = required(config.field, 'field', 'add: missing required field');
    const { value } = config;
    if (typeof value === 'string' && value.startsWith('EXPR(') && value.endsWith(')')) {
      const run = at('value', () => entryExpression(value.slice(5, -1)));
      return (entry) => setField(entry, place, run(entry));
    }
    if (value === undefined || value === null) {
      return () => {
        throw new Error("add: missing required field 'value'");
      };
    }
    const fixed = configValue(value);
    return (entry) => setField(entry, place, copyOf(fixed));
  },
);

const fromTo = { from: field().optional(), to: field().optional() };

/** `from` and `to`. @throws OperatorFault naming what is missing, as the Go collector does */
function ends(config: { from?: Field | undefined; to?: Field | undefined }): [Field, Field] {
  const missing = [
    ...(config.from === undefined ? ['copy: missing from field'] : []),
    ...(config.to === undefined ? ['copy: missing to field'] : []),
  ];
  if (missing.length > 0) throw new OperatorFault(missing.join('; '));
  return [config.from!, config.to!];
}

/** Operator `copy`: fails where the source is not there. */
export const copy = transformer(fromTo, (config) => {
  const [from, to] = ends(config);
  return (entry) => {
    const value = getField(entry, from);
    if (value === undefined) {
      throw new Error(`copy: from field does not exist in this entry: ${printField(from)}`);
    }
    setField(entry, to, copyOf(value));
  };
});

/** Operator `move`: fails where the source is not there. */
export const move = transformer(fromTo, (config) => {
  const [from, to] = ends(config);
  return (entry) => {
    const value = deleteField(entry, from);
    if (value === undefined) throw new Error(`move: field does not exist: ${printField(from)}`);
    setField(entry, to, value);
  };
});

/** Operator `remove`: fails where the field is not there. */
export const remove = transformer({ field: field(true).optional() }, (config) => {
  const place = required(config.field, 'field', 'remove: field is empty');
  const all = place.keys.length === 0 && place.root !== 'body';
  return (entry) => {
    const old = deleteField(entry, place);
    if (old === undefined && !all) {
      throw new Error(`remove: field does not exist: ${printField(place)}`);
    }
  };
});

/** Operator `retain`: leaves the listed fields, in the parts of the entry that they name. */
export const retain = transformer({ fields: z.array(field()).default([]) }, ({ fields }) => {
  if (fields.length === 0) throw new OperatorFault("retain: 'fields' is empty", ['fields']);
  const touched = new Set(fields.map(({ root }) => root));
  return (entry) => {
    const kept = fields.flatMap((place) => {
      const value = getField(entry, place);
      return value === undefined ? [] : [[place, value] as const];
    });
    if (touched.has('body')) entry.body = null;
    if (touched.has('attributes')) entry.attributes = undefined;
    if (touched.has('resource')) entry.resource = undefined;
    for (const [place, value] of kept) setField(entry, place, value);
  };
});

/** Operator `flatten`: puts a map's entries in the place of the map. */
export const flatten = transformer({ field: field(true).optional() }, (config) => {
  const place = required(config.field, 'field', 'invalid field type: <nil>');
  const parent = { root: place.root, keys: place.keys.slice(0, -1) };
  return (entry) => {
    const value = deleteField(entry, place);
    if (value === undefined) {
      throw new Error(`apply flatten: field ${printField(place)} does not exist on entry`);
    }
    if (!(value instanceof Map)) {
      setField(entry, place, value);
      throw new Error(`apply flatten: field ${printField(place)} is not a map`);
    }
    for (const [key, inner] of value) {
      setField(entry, { root: parent.root, keys: [...parent.keys, key] }, inner);
    }
  };
});

/** Operator `assign_keys`: makes a map of a list. */
export const assignKeys = transformer(
  { field: field().optional(), keys: z.array(z.string()).default([]) },
  (config) => {
    const { keys } = config;
    if (keys.length === 0)
      throw new OperatorFault('assign_keys missing required field keys', ['keys']);
    const place = required(config.field, 'field', 'invalid field type: <nil>');
    return (entry) => {
      const name = printField(place);
      const values = getField(entry, place);
      if (values === undefined) {
        throw new Error(`apply assign_keys: field ${name} does not exist on entry`);
      }
      if (!Array.isArray(values)) {
        throw new Error(`apply assign_keys: couldn't convert field ${name} to []any`);
      }
      if (values.length !== keys.length) {
        throw new Error(
          `apply assign_keys: field ${name} contains ${values.length} values while expected keys are ${keys.length}`,
        );
      }
      const map: ValueMap = new Map(keys.map((key, i) => [key, values[i]!]));
      setField(entry, place, map);
    };
  },
);

/** Operator `noop`: hands entries on. */
export const noop = transformer({}, () => () => {});

/** Control sequences of terminals (ECMA-48 CSI). */
const ansi = '\\x1B\\[[\\x30-\\x3F]*[\\x20-\\x2F]*[\\x40-\\x7E]';

const replaceKeys = {
  field: field().optional(),
  regex: z.string().default(''),
  regex_name: z.string().default(''),
  replace_with: z.string().default(''),
};

/** Operator `regex_replace`: rewrites what a pattern, given or known by a name, finds in a text. */
export const regexReplace = transformer(replaceKeys, (config) => {
  const { regex, regex_name: name, replace_with: template } = config;
  if ((regex === '') === (name === '')) {
    throw new OperatorFault('either regex or regex_name must be set', ['regex']);
  }
  if (name !== '' && name !== 'ansi_control_sequences') {
    throw new OperatorFault(`regex_name ${name} is unknown`, ['regex_name']);
  }
  const pattern: GoRegexp = at('regex', () => compileRegexp(name === '' ? regex : ansi));
  const place = required(config.field, 'field', "missing required field 'field'");
  return (entry) => {
    const value = getField(entry, place);
    if (value === undefined) return;
    if (typeof value !== 'string') throw new Error(`type ${typeName(value)} cannot be handled`);
    setField(entry, place, pattern.replaceAll(value, template));
  };
});

/** Texts are UTF-16 here, so only lone surrogates are left to replace. */
export const sanitizeUtf8 = transformer({ field: field().prefault('body') }, (config) => {
  const place = config.field;
  return (entry: Entry) => {
    const value = getField(entry, place);
    if (value === undefined) return;
    if (value instanceof Uint8Array || typeof value !== 'string') {
      throw new Error(`field '${printField(place)}' is not a string, got ${typeName(value)}`);
    }
    if (!value.isWellFormed()) setField(entry, place, value.toWellFormed());
  };
});

/** Operator `unquote`: reads a Go string literal. */
export const unquoteOperator = transformer({ field: field().optional() }, (config) => {
  const place = required(config.field, 'field', "missing required field 'field'");
  return (entry) => {
    const value = getField(entry, place);
    if (value === undefined) return;
    if (typeof value !== 'string') throw new Error(`type ${typeName(value)} cannot be unquoted`);
    setField(entry, place, unquote(value));
  };
});
