import { regexpFault } from '../../../pdata/regexp/index.ts';
import { isNumber } from '../../../storage/traces/filters.ts';
import { type FilterOp, filterOps, type TraceFilter } from '../../../storage/traces/reader.ts';
import { WebError } from '../route.ts';

const maxKeyLength = 1_000;
const maxValueLength = 4_000;

/**
 * Reads `key op value` as `query/web/contract/traces.ts` defines it.
 * @throws WebError that quotes the text
 */
export function parseFilter(text: string): TraceFilter {
  const [key, rest] = text.startsWith('"') ? quotedKey(text) : plainKey(text);
  const space = rest.indexOf(' ');
  const op = space === -1 ? rest : rest.slice(0, space);
  const value = space === -1 ? '' : rest.slice(space + 1);
  if (!isOp(op)) {
    throw bad(text, `${quoted(op)} is none of ${filterOps.join(' ')}`);
  }
  if (key.length > maxKeyLength) throw bad(text, `the key is longer than ${maxKeyLength}`);
  if (value.length > maxValueLength) throw bad(text, `the value is longer than ${maxValueLength}`);
  const fault = valueFault(op, value);
  if (fault !== undefined) throw bad(text, fault);
  return { key, op, value };
}

function plainKey(text: string): [key: string, rest: string] {
  const end = text.indexOf(' ');
  if (end <= 0) throw bad(text, 'it is not "key op value"');
  return [text.slice(0, end), text.slice(end + 1)];
}

function quotedKey(text: string): [key: string, rest: string] {
  const end = /^"(?:[^"\\]|\\.)*" /s.exec(text)?.[0].length;
  if (end === undefined) throw bad(text, 'its quoted key does not end, or nothing follows it');
  try {
    return [JSON.parse(text.slice(0, end - 1)) as string, text.slice(end)];
  } catch {
    throw bad(text, 'its quoted key is not a JSON string');
  }
}

function isOp(text: string): text is FilterOp {
  return (filterOps as readonly string[]).includes(text);
}

function valueFault(op: FilterOp, value: string): string | undefined {
  switch (op) {
    case 'exists':
    case '!exists':
      return value === '' ? undefined : `${op} takes no value`;
    case '>':
    case '>=':
    case '<':
    case '<=':
      return isNumber(value) ? undefined : `${quoted(value)} is not a number`;
    case '=~':
    case '!~':
      return regexpFault(value);
    default:
      return undefined;
  }
}

function bad(text: string, why: string): WebError {
  return new WebError('bad_request', `cannot use filter ${quoted(text)}: ${why}`);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
