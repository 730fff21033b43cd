import { OttlRuntimeError } from '../../errors.ts';
import type { OttlMap } from '../../values.ts';
import { defineFunction, type OttlFunction } from '../types.ts';
import { readCsvRow } from './csv-reader.ts';

type ReadRow = (row: string, delimiter: string) => string[];

const modes: Readonly<Record<string, ReadRow>> = {
  strict: (row, delimiter) => readCsvRow(row, delimiter, false),
  lazyQuotes: (row, delimiter) => readCsvRow(row, delimiter, true),
  ignoreQuotes: (row, delimiter) => row.split(delimiter),
};

function checkSingle(name: string, value: string | undefined): void {
  if (value !== undefined && [...value].length !== 1) {
    throw new Error(`invalid arguments: ${name} must be a single character`);
  }
}

function withHeaders(headers: readonly string[], fields: readonly string[]): OttlMap {
  if (fields.length !== headers.length) {
    throw new OttlRuntimeError(
      `map csv headers: wrong number of fields: expected ${headers.length}, found ${fields.length}`,
    );
  }
  return new Map(headers.map((header, i) => [header, fields[i]!]));
}

export const parseCsvConverter: OttlFunction = defineFunction({
  name: 'ParseCSV',
  parameters: [
    { name: 'target', type: 'string' },
    { name: 'header', type: 'string' },
    { name: 'delimiter', type: 'literalString', optional: true },
    { name: 'header_delimiter', type: 'literalString', optional: true },
    { name: 'mode', type: 'literalString', optional: true },
  ],
  make({ target, header, delimiter = ',', header_delimiter, mode = 'strict' }) {
    checkSingle('delimiter', delimiter);
    checkSingle('header_delimiter', header_delimiter);
    const readRow = Object.hasOwn(modes, mode) ? modes[mode] : undefined;
    if (readRow === undefined) throw new Error(`unknown mode: ${mode}`);
    return (place) => {
      const row = target.get(place);
      const names = header.get(place);
      if (names === '') throw new OttlRuntimeError('headers must not be an empty string');
      let fields: string[];
      try {
        fields = readRow(row, delimiter);
      } catch (error) {
        throw new OttlRuntimeError((error as Error).message);
      }
      return withHeaders(names.split(header_delimiter ?? delimiter), fields);
    };
  },
});
