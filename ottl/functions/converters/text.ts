import { OttlRuntimeError } from '../../errors.ts';
import { defineFunction, type OttlFunction } from '../types.ts';

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Bytes [start, start + length) of a text; with `safe` no character is cut. */
function substring(text: string, start: bigint, length: bigint, safe: boolean): string {
  if (start < 0n) {
    throw new OttlRuntimeError(`invalid start for substring function, ${start} cannot be negative`);
  }
  if (length <= 0n) {
    throw new OttlRuntimeError(
      `invalid length for substring function, ${length} cannot be negative or zero`,
    );
  }
  const bytes = Buffer.from(text);
  if (start + length > bytes.length) {
    throw new OttlRuntimeError(
      `invalid range for substring function, start(${start})+length(${length}) ` +
        `cannot be greater than the length of target string(${bytes.length})`,
    );
  }
  let from = Number(start);
  let to = Number(start + length);
  if (safe) {
    while (from < bytes.length && isContinuation(bytes[from])) from += 1;
    while (from < to && isContinuation(bytes[to])) to -= 1;
  }
  return bytes.toString('utf8', from, Math.max(from, to));
}

function trim(text: string, characters: ReadonlySet<string>): string {
  const all = [...text];
  let from = 0;
  let to = all.length;
  while (from < to && characters.has(all[from]!)) from += 1;
  while (to > from && characters.has(all[to - 1]!)) to -= 1;
  return all.slice(from, to).join('');
}

/** Concat, Split, Substring, the trims, HasPrefix and HasSuffix. */
export const textConverters: readonly OttlFunction[] = [
  defineFunction({
    name: 'Concat',
    parameters: [
      { name: 'vals', type: 'stringLikeList' },
      { name: 'delimiter', type: 'string' },
    ],
    make: ({ vals, delimiter }) => {
      return (place) => {
        const between = delimiter.get(place);
        let out = '';
        for (let i = 0; i < vals.length; i += 1) {
          if (i > 0) out += between;
          out += vals[i]!.get(place) ?? '<nil>';
        }
        return out;
      };
    },
  }),
  defineFunction({
    name: 'Split',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'delimiter', type: 'string' },
    ],
    make: ({ target, delimiter }) => {
      return (place) => {
        const text = target.get(place);
        const between = delimiter.get(place);
        return between === '' ? [...text] : text.split(between);
      };
    },
  }),
  defineFunction({
    name: 'Substring',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'start', type: 'int' },
      { name: 'length', type: 'int' },
      { name: 'utf8_safe', type: 'literalBool', optional: true },
    ],
    make: ({ target, start, length, utf8_safe }) => {
      return (place) => {
        const from = start.get(place);
        const bytes = length.get(place);
        return substring(target.get(place), from, bytes, utf8_safe ?? false);
      };
    },
  }),
  defineFunction({
    name: 'Trim',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'replacement', type: 'literalString', optional: true },
    ],
    make: ({ target, replacement }) => {
      const characters = new Set(replacement ?? ' ');
      return (place) => trim(target.get(place), characters);
    },
  }),
  defineFunction({
    name: 'TrimPrefix',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'prefix', type: 'string' },
    ],
    make: ({ target, prefix }) => {
      return (place) => {
        const text = target.get(place);
        const start = prefix.get(place);
        return text.startsWith(start) ? text.slice(start.length) : text;
      };
    },
  }),
  defineFunction({
    name: 'TrimSuffix',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'suffix', type: 'string' },
    ],
    make: ({ target, suffix }) => {
      return (place) => {
        const text = target.get(place);
        const end = suffix.get(place);
        return text.endsWith(end) ? text.slice(0, text.length - end.length) : text;
      };
    },
  }),
  defineFunction({
    name: 'HasPrefix',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'prefix', type: 'string' },
    ],
    make: ({ target, prefix }) => {
      return (place) => target.get(place).startsWith(prefix.get(place));
    },
  }),
  defineFunction({
    name: 'HasSuffix',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'suffix', type: 'string' },
    ],
    make: ({ target, suffix }) => {
      return (place) => target.get(place).endsWith(suffix.get(place));
    },
  }),
];
