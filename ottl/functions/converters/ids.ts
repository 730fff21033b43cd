import { OttlRuntimeError } from '../../errors.ts';
import { OttlId } from '../../values.ts';
import {
  defineFunction,
  type Environment,
  type Evaluate,
  type Getter,
  literalOf,
  type OttlFunction,
} from '../types.ts';

function idOf(name: string, kind: OttlId['kind'], length: number, bytes: Uint8Array): OttlId {
  if (bytes.length === length) return new OttlId(kind, bytes.slice());
  if (bytes.length === 2 * length) {
    const text = Buffer.from(bytes).toString('latin1');
    const bad = /[^0-9a-fA-F]/.exec(text);
    if (bad === null) return new OttlId(kind, new Uint8Array(Buffer.from(text, 'hex')));
    const code = bad[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    const shown = /[ -~]/.test(bad[0]) ? ` '${bad[0]}'` : '';
    throw new OttlRuntimeError(
      `${name}: could not decode ID: invalid hex: encoding/hex: invalid byte: U+${code}${shown}`,
    );
  }
  throw new OttlRuntimeError(
    `${name}: could not decode ID: invalid length: ` +
      `expected ${length} or ${2 * length} bytes, got ${bytes.length}`,
  );
}

function idConverter(name: string, kind: OttlId['kind'], length: number): OttlFunction {
  return defineFunction({
    name,
    parameters: [{ name: 'target', type: 'bytesLike' }],
    make({ target }: { target: Getter<Uint8Array | null> }): Evaluate {
      const literal = literalOf(target);
      const convert = (bytes: Uint8Array | null): OttlId =>
        idOf(name, kind, length, bytes ?? new Uint8Array());
      if (literal !== undefined) {
        const id = convert(literal);
        return () => id;
      }
      return (place) => convert(target.get(place));
    },
  });
}

/** Sixteen bytes as a UUID of a version, variant RFC 9562. */
function uuidText(bytes: Uint8Array, version: number): string {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

function uuidV7({ clock, random }: Environment): string {
  const bytes = Uint8Array.from(random.bytes(16));
  const time = Math.floor(clock.unixMs());
  Buffer.from(bytes.buffer).writeUIntBE(time, 0, 6);
  return uuidText(bytes, 7);
}

/** SpanID, TraceID, ProfileID, UUID and UUIDv7. */
export const idConverters: readonly OttlFunction[] = [
  idConverter('SpanID', 'span', 8),
  idConverter('TraceID', 'trace', 16),
  idConverter('ProfileID', 'profile', 16),
  defineFunction({
    name: 'UUID',
    parameters: [],
    make: (_, { random }) => {
      return () => uuidText(Uint8Array.from(random.bytes(16)), 4);
    },
  }),
  defineFunction({
    name: 'UUIDv7',
    parameters: [],
    make: (_, environment) => {
      return () => uuidV7(environment);
    },
  }),
];
