import {
  compileCondition,
  compileExpression,
  ExprTime,
  type Value,
  type Variables,
} from '../expr/index.ts';
import type { Entry } from './entry/entry.ts';

const noAttributes: Value = new Map();

const variables: Variables<Entry> = new Map<string, (entry: Entry) => Value>([
  ['$', (entry) => entry.body],
  ['body', (entry) => entry.body],
  ['attributes', (entry) => entry.attributes ?? noAttributes],
  ['resource', (entry) => entry.resource ?? noAttributes],
  ['timestamp', (entry) => new ExprTime(entry.timestamp)],
]);

const options = { variables, environment: (name: string) => process.env[name] ?? '' };

/** An expression over an entry: `$`, `body`, `attributes`, `resource`, `timestamp`, `env()`. */
export function entryExpression(text: string): (entry: Entry) => Value {
  return compileExpression(text, options);
}

/** The same, true or false. */
export function entryCondition(text: string): (entry: Entry) => boolean {
  return compileCondition(text, options);
}

const open = 'EXPR(';

/**
 * A text with expressions in it: `a EXPR(body.b) c`. Each must give a text.
 * @throws ExprSyntaxError
 */
export function entryTemplate(text: string): string | ((entry: Entry) => string) {
  const parts: (string | ((entry: Entry) => Value))[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf(open, at);
    if (start < 0) break;
    const next = text.indexOf(open, start + open.length);
    const end = text.slice(start, next < 0 ? undefined : next).lastIndexOf(')');
    if (end < 0) break;
    parts.push(text.slice(at, start));
    parts.push(entryExpression(text.slice(start + open.length, start + end)));
    at = start + end + 1;
  }
  const tail = text.slice(at);
  if (parts.length === 0) return tail;
  return (entry) => parts.map((part) => render(part, entry)).join('') + tail;
}

function render(part: string | ((entry: Entry) => Value), entry: Entry): string {
  if (typeof part === 'string') return part;
  const value = part(entry);
  if (typeof value === 'string') return value;
  throw new Error('embedded expression returned non-string');
}
