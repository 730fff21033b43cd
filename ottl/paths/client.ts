import { OttlRuntimeError } from '../errors.ts';
import type { Place } from '../place.ts';
import { kindName, type OttlMap, type OttlValue } from '../values.ts';
import type { PathAccess } from './access.ts';
import { readOnly } from './fields.ts';
import { getNested } from './nested.ts';
import { type Key, numberKey, type Segment, textKey, unknownSegment } from './segments.ts';

const context = 'otelcol';

/** Plain values of an authenticator as values of the language. */
function authValue(value: unknown): OttlValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value !== 'object') return value as OttlValue;
  if (Array.isArray(value)) return value.map(authValue);
  if (value instanceof Uint8Array) return value;
  return new Map(Object.entries(value).map(([key, inner]) => [key, authValue(inner)]));
}

function metadataMap({ client }: Place): OttlMap {
  return new Map([...client.metadata].map(([key, values]) => [key, [...values]]));
}

function metadataValue(keys: readonly Key[], place: Place): OttlValue {
  const name = textKey(keys[0]!, place).toLowerCase();
  const values = place.client.metadata.get(name);
  if (values === undefined || values.length === 0) return null;
  if (keys.length === 1) return [...values];
  if (keys.length > 2) throw new OttlRuntimeError('cannot index into string slice more than once');
  const index = numberKey(keys[1]!, place);
  if (index < 0n || index >= BigInt(values.length)) {
    throw new OttlRuntimeError(`index ${index} out of bounds`);
  }
  return values[Number(index)]!;
}

function metadata(segment: Segment): PathAccess {
  const next = segment.step();
  if (next !== undefined) throw unknownSegment(next.name, next.path, context);
  const keys = segment.keys();
  return readOnly(
    keys === undefined ? metadataMap : (place) => metadataValue(keys, place),
    'otelcol.client.metadata',
  );
}

/** Metadata of gRPC requests alone, which have an authority. */
function grpcMetadata(segment: Segment): PathAccess {
  const isGrpc = ({ client }: Place): boolean => client.metadata.has(':authority');
  const keys = segment.keys();
  return readOnly(
    keys === undefined
      ? (place) => (isGrpc(place) ? metadataMap(place) : new Map())
      : (place) => (isGrpc(place) ? metadataValue(keys, place) : null),
    'otelcol.grpc.metadata',
  );
}

function authAttribute(keys: readonly Key[], place: Place): OttlValue {
  const name = textKey(keys[0]!, place);
  const { auth } = place.client;
  if (auth === undefined) return null;
  const value = authValue(auth[name]);
  if (keys.length === 1) return value;
  if (!(value instanceof Map) && !Array.isArray(value)) {
    throw new OttlRuntimeError(`attribute "${name}" value is not indexable: ${kindName(value)}`);
  }
  return getNested(value, keys, place, 1);
}

function auth(segment: Segment): PathAccess {
  const next = segment.step();
  if (next?.name !== 'attributes') {
    throw unknownSegment((next ?? segment).name, segment.path, context);
  }
  const keys = next.keys();
  return readOnly(
    keys === undefined
      ? ({ client }) => authValue(client.auth ?? {})
      : (place) => authAttribute(keys, place),
    'otelcol.client.auth.attributes',
  );
}

function clientPath(segment: Segment): PathAccess {
  const next = segment.step();
  switch (next?.name) {
    case 'addr': {
      const more = next.step();
      if (more !== undefined || next.keys() !== undefined) {
        throw unknownSegment((more ?? next).name, next.path, context);
      }
      return readOnly(({ client }) => client.address || null, 'otelcol.client.addr');
    }
    case 'auth':
      return auth(next);
    case 'metadata':
      return metadata(next);
    default:
      throw unknownSegment((next ?? segment).name, segment.path, context);
  }
}

/** `otelcol.` paths: who sent the batch; read only. */
export function otelcolPath(segment: Segment): PathAccess {
  if (segment.name === 'client') return clientPath(segment);
  if (segment.name !== 'grpc') throw unknownSegment(segment.name, segment.path, context);
  const next = segment.step();
  if (next?.name === 'metadata') return grpcMetadata(next);
  throw unknownSegment((next ?? segment).name, segment.path, context);
}
