/** Conditions on tags as the address has them: `key op value`. */
import type { FilterOp } from '../../../../query/web/contract/traces.ts';

export interface Filter {
  readonly key: string;
  readonly op: FilterOp;
  readonly value: string;
}

/** Every operator and how it is called, in the order that they are offered. */
export const operators: readonly { readonly value: FilterOp; readonly label: string }[] = [
  { value: '=', label: '=' },
  { value: '!=', label: '≠' },
  { value: 'contains', label: 'contains' },
  { value: '=~', label: 'matches' },
  { value: '!~', label: 'matches not' },
  { value: 'exists', label: 'exists' },
  { value: '!exists', label: 'exists not' },
  { value: '>', label: '>' },
  { value: '>=', label: '≥' },
  { value: '<', label: '<' },
  { value: '<=', label: '≤' },
];

/** False for operators that stand without a value. */
export function takesValue(op: FilterOp): boolean {
  return op !== 'exists' && op !== '!exists';
}

export function formatFilter({ key, op, value }: Filter): string {
  const name = key === '' || /[ "]/.test(key) ? JSON.stringify(key) : key;
  return takesValue(op) ? `${name} ${op} ${value}` : `${name} ${op}`;
}

/** @returns undefined when it is none */
export function parseFilter(text: string): Filter | undefined {
  const quoted = /^("(?:[^"\\]|\\.)*") /s.exec(text);
  const end = quoted === null ? text.indexOf(' ') : quoted[0].length - 1;
  if (end <= 0 || (quoted === null && text.startsWith('"'))) return undefined;
  const key = quoted === null ? text.slice(0, end) : unquoted(quoted[1]!);
  const rest = text.slice(end + 1);
  const space = rest.indexOf(' ');
  const name = space === -1 ? rest : rest.slice(0, space);
  const op = operators.find(({ value }) => value === name)?.value;
  if (key === undefined || op === undefined) return undefined;
  return { key, op, value: space === -1 ? '' : rest.slice(space + 1) };
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

/** What is wrong with a filter before it is sent, undefined when nothing is. */
export function filterFault({ key, op, value }: Filter): string | undefined {
  if (key === '' && value === '') return undefined;
  if (key === '') return 'Name a key.';
  if (/^[<>]/.test(op) && !/^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(value)) {
    return 'Give a number.';
  }
  return undefined;
}
