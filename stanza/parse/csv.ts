import type { ValueMap } from '../../expr/index.ts';

/** A line with its fields; `fault` ends it early. */
interface Row {
  readonly fields: string[];
  /** Where the next line begins. */
  readonly end: number;
  readonly fault: string | undefined;
}

/**
 * Reads one record of CSV as Go's encoding/csv does. Lines after the first go on with the last
 * field of the line before.
 * @param lazy quotes may stand anywhere
 * @throws Error
 */
export function readCsv(text: string, delimiter: string, lazy: boolean): string[] {
  const source = text.replaceAll('\r\n', '\n').replace(/\r$/, '');
  let joined: string[] | undefined;
  let at = 0;
  while (at < source.length) {
    if (source[at] === '\n') {
      at += 1; // empty lines do not count
      continue;
    }
    const row = readRow(source, at, delimiter, lazy);
    if (row.fault !== undefined && row.fields.length === 0) {
      throw new Error(`read csv line: ${row.fault}`);
    }
    at = row.end;
    if (joined === undefined) joined = row.fields;
    else {
      const [first, ...rest] = row.fields;
      joined[joined.length - 1] += `\n${first}`;
      joined.push(...rest);
    }
  }
  if (joined === undefined) throw new Error('no csv lines found');
  return joined;
}

function lineEnd(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end < 0 ? source.length : end;
}

function readRow(source: string, start: number, delimiter: string, lazy: boolean): Row {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    const end = lineEnd(source, at);
    if (source[at] !== '"') {
      const next = source.indexOf(delimiter, at);
      const stop = next < 0 || next > end ? end : next;
      const field = source.slice(at, stop);
      if (!lazy && field.includes('"')) {
        return { fields, end: end + 1, fault: `bare " in non-quoted-field` };
      }
      fields.push(field);
      if (stop === end) return { fields, end: end + 1, fault: undefined };
      at = stop + delimiter.length;
      continue;
    }
    const quoted = readQuoted(source, at + 1, delimiter, lazy);
    if (quoted.fault !== undefined) return { fields, end: quoted.end, fault: quoted.fault };
    fields.push(quoted.field);
    if (!quoted.more) return { fields, end: quoted.end, fault: undefined };
    at = quoted.end;
  }
}

interface Quoted {
  readonly field: string;
  readonly end: number;
  /** Another field follows. */
  readonly more: boolean;
  readonly fault: string | undefined;
}

function readQuoted(source: string, start: number, delimiter: string, lazy: boolean): Quoted {
  let field = '';
  let at = start;
  for (;;) {
    const quote = source.indexOf('"', at);
    if (quote < 0) {
      field += source.slice(at);
      const fault = lazy ? undefined : `extraneous or missing " in quoted-field`;
      return { field, end: source.length, more: false, fault };
    }
    field += source.slice(at, quote);
    const next = quote + 1;
    if (source[next] === '"') {
      field += '"';
      at = next + 1;
    } else if (source.startsWith(delimiter, next)) {
      return { field, end: next + delimiter.length, more: true, fault: undefined };
    } else if (next >= source.length || source[next] === '\n') {
      return { field, end: next + 1, more: false, fault: undefined };
    } else if (lazy) {
      field += '"';
      at = next;
    } else {
      const end = lineEnd(source, next) + 1;
      return { field, end, more: false, fault: `extraneous or missing " in quoted-field` };
    }
  }
}

/** Pairs headers with fields. @throws Error when their numbers differ */
export function mapHeaders(headers: readonly string[], fields: readonly string[]): ValueMap {
  if (headers.length !== fields.length) {
    throw new Error(`wrong number of fields: expected ${headers.length}, found ${fields.length}`);
  }
  return new Map(headers.map((header, i) => [header, fields[i]!]));
}
