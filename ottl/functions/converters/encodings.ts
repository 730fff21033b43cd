import { OttlRuntimeError } from '../../errors.ts';
import type { OttlValue } from '../../values.ts';
import { typeName } from '../../values.ts';
import { defineFunction, literalOf, type OttlFunction } from '../types.ts';
import { decodeBase64, encodeBase64, isBase64Variant } from './base64.ts';
import { textDecoder } from './text-encodings.ts';

type Decode = (bytes: Uint8Array) => string;

/** @throws Error for a name that is not known */
function decoderOf(name: string): Decode {
  if (isBase64Variant(name)) {
    return (bytes) => decodeBase64(Buffer.from(bytes).toString('latin1'), name).toString('utf8');
  }
  return textDecoder(name);
}

function decoded(decode: Decode, value: OttlValue): string {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
    const got = value === null ? '<nil>' : typeName(value);
    throw new OttlRuntimeError(`unsupported type provided to Decode function: ${got}`);
  }
  try {
    return decode(typeof value === 'string' ? Buffer.from(value) : value);
  } catch (error) {
    throw new OttlRuntimeError(`could not decode: ${(error as Error).message}`);
  }
}

function runtime<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new OttlRuntimeError((error as Error).message);
  }
}

/** Base64Decode, Base64Encode and Decode. */
export const encodingConverters: readonly OttlFunction[] = [
  defineFunction({
    name: 'Base64Decode',
    parameters: [{ name: 'target', type: 'string' }],
    make: ({ target }) => {
      return (place) => {
        const text = target.get(place);
        return runtime(() => decodeBase64(text, 'base64').toString('utf8'));
      };
    },
  }),
  defineFunction({
    name: 'Base64Encode',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'variant', type: 'string', optional: true },
    ],
    make: ({ target, variant }) => {
      return (place) => {
        const bytes = Buffer.from(target.get(place));
        const name = variant?.get(place) ?? 'base64';
        if (!isBase64Variant(name)) {
          throw new OttlRuntimeError(`unsupported base64 variant: ${name}`);
        }
        return encodeBase64(bytes, name);
      };
    },
  }),
  defineFunction({
    name: 'Decode',
    parameters: [
      { name: 'target', type: 'any' },
      { name: 'encoding', type: 'string' },
    ],
    make({ target, encoding }) {
      const name = literalOf(encoding);
      if (name !== undefined) {
        const decode = decoderOf(name);
        return (place) => decoded(decode, target.get(place));
      }
      return (place) => {
        const value = target.get(place);
        const wanted = encoding.get(place);
        return decoded(
          runtime(() => decoderOf(wanted)),
          value,
        );
      };
    },
  }),
];
