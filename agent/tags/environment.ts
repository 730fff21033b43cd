import { cleanText, textOf } from './text.ts';

/** The two variables that are read of an environment; nothing else of it is kept. */
export interface OtelEnvironment {
  /** `OTEL_SERVICE_NAME`, '' = not set. */
  readonly serviceName: string;
  /** Pairs of `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resourceAttributes: ReadonlyMap<string, string>;
}

const NAME = Buffer.from('OTEL_SERVICE_NAME=');
const ATTRIBUTES = Buffer.from('OTEL_RESOURCE_ATTRIBUTES=');
const MAX_ATTRIBUTES = 64;
const MAX_KEY = 256;
const MAX_VALUE = 1024;

/** Reads `/proc/PID/environ`: `NAME=value`, each ended by a zero byte. The first of a name counts. */
export function parseEnvironment(bytes: Uint8Array): OtelEnvironment {
  return {
    serviceName: cleanText(variable(bytes, NAME) ?? '', MAX_KEY).trim(),
    resourceAttributes: parseResourceAttributes(variable(bytes, ATTRIBUTES) ?? ''),
  };
}

function variable(bytes: Uint8Array, name: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = buffer.indexOf(name); at !== -1; at = buffer.indexOf(name, at + 1)) {
    if (at > 0 && buffer[at - 1] !== 0) continue;
    const end = buffer.indexOf(0, at);
    return textOf(buffer.subarray(at + name.length, end === -1 ? buffer.length : end));
  }
  return undefined;
}

/**
 * Reads `key=value,key=value`, both percent-encoded where they must be. Of a text that is not of
 * this form nothing counts, as OpenTelemetry's SDKs have it.
 */
export function parseResourceAttributes(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    const key = decoded(pair.slice(0, Math.max(0, equals)).trim());
    const value = decoded(pair.slice(equals + 1).trim());
    if (equals === -1 || key === undefined || key === '' || value === undefined) return new Map();
    if (attributes.size === MAX_ATTRIBUTES) break;
    attributes.set(cleanText(key, MAX_KEY), cleanText(value, MAX_VALUE));
  }
  return attributes;
}

function decoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
