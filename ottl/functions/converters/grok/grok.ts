import { onlyNamedGroups } from '../../../../pdata/regexp/groups.ts';
import { compileRegexp, type GoRegexp } from '../../../../pdata/regexp/index.ts';
import { boolOf, parseFloat64 } from '../../../compile/typed.ts';
import { OttlRuntimeError } from '../../../errors.ts';
import { quote } from '../../../grammar/quote.ts';
import type { OttlMap, OttlValue } from '../../../values.ts';
import { parseInteger } from '../parse-integer.ts';

/** Stands for a dot in a group's name. */
const dot = '___';
const maxRounds = 1000;
/** A definition that refers to itself would grow without end. */
const maxLength = 1 << 20;

/** An expression whose references are resolved. */
export interface Grok {
  readonly regexp: GoRegexp;
  /** types by group, as users wrote them: int, float, bool ... */
  readonly types: ReadonlyMap<string, string>;
}

/**
 * Resolves `%{NAME}`, `%{NAME:field}` and `%{NAME:field:type}` of an expression.
 *
 * @param namedOnly references without a field are not captured
 * @throws Error for an unknown name, or an expression that Go refuses
 */
export function compileGrok(
  expression: string,
  namedOnly: boolean,
  lookup: (name: string) => string | undefined,
): Grok {
  const types = new Map<string, string>();
  let expanded = expression;
  for (let round = 0; round < maxRounds; round += 1) {
    const references = [...expanded.matchAll(/%\{(\w+(?::[\w+.]+(?::\w+)?)?)\}/g)];
    if (references.length === 0) break;
    for (const [whole, inner] of references) {
      const [name, field, type] = inner!.split(':') as [string, string?, string?];
      const group = (field ?? name).replaceAll('.', dot);
      if (type !== undefined) types.set(group, type);
      const definition = lookup(name);
      if (definition === undefined) {
        throw new Error(`pattern definition ${quote(name)} unknown: parsing failed`);
      }
      const captured = !namedOnly || field !== undefined;
      expanded = expanded.replaceAll(
        whole,
        () => `(${captured ? `?P<${group}>` : ''}${definition})`,
      );
      if (expanded.length > maxLength) {
        throw new Error(`pattern definition ${quote(name)} grows beyond ${maxLength} characters`);
      }
    }
  }
  // groups without a name are in no result, and cost time
  return { regexp: compileRegexp(onlyNamedGroups(expanded)), types };
}

function typed(text: string, type: string | undefined, group: string): OttlValue {
  switch (type) {
    case undefined:
    case 'string':
      return text;
    case 'double':
    case 'float':
      return parseFloat64(text);
    case 'int':
    case 'long':
      try {
        return parseInteger(text, 10);
      } catch (error) {
        throw new OttlRuntimeError((error as Error).message.replace('ParseInt', 'Atoi'));
      }
    case 'bool':
    case 'boolean': {
      const value = boolOf(text);
      if (value !== undefined) return value;
      throw new OttlRuntimeError(`strconv.ParseBool: parsing ${quote(text)}: invalid syntax`);
    }
    default:
      throw new OttlRuntimeError(`invalid type for ${group}: type not specified`);
  }
}

/** Fields of the first match; those that took no part or are empty are left out. */
export function grokFields({ regexp, types }: Grok, text: string): OttlMap {
  const fields: OttlMap = new Map();
  const match = regexp.exec(text);
  if (match === undefined) return fields;
  regexp.groupNames.forEach((name, i) => {
    const group = match.groups[i + 1];
    if (name === '' || group === undefined || group === '') return;
    fields.set(name.replaceAll(dot, '.'), typed(group, types.get(name), name));
  });
  return fields;
}
