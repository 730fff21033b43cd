import { type Code, toCode } from './code.ts';

/**
 * google.rpc.Status with the one detail that OTLP gives a meaning to. Wire format:
 * Status {int32 code = 1, string message = 2, repeated Any details = 3};
 * Any {string type_url = 1, bytes value = 2}; RetryInfo {Duration retry_delay = 1};
 * Duration {int64 seconds = 1, int32 nanos = 2}.
 */
export interface Status {
  readonly code: Code;
  readonly message: string;
  /** RetryInfo.retry_delay in milliseconds. */
  readonly retryDelayMs?: number;
}

const retryInfoUrl = 'type.googleapis.com/google.rpc.RetryInfo';

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  out.push(rest);
  return out;
}

function lengthDelimited(field: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([field * 8 + 2, ...varint(body.length)]), body]);
}

function duration(ms: number): Buffer {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1e6);
  const out: number[] = [];
  if (seconds > 0) out.push(8, ...varint(seconds));
  if (nanos > 0) out.push(16, ...varint(nanos));
  return Buffer.from(out);
}

/** @returns the protobuf encoding */
export function encodeStatus(status: Status): Buffer {
  const parts: Buffer[] = [];
  if (status.code !== 0) parts.push(Buffer.from([8, status.code]));
  if (status.message !== '') parts.push(lengthDelimited(2, Buffer.from(status.message)));
  if (status.retryDelayMs !== undefined) {
    const info = lengthDelimited(1, duration(status.retryDelayMs));
    const any = [lengthDelimited(1, Buffer.from(retryInfoUrl)), lengthDelimited(2, info)];
    parts.push(lengthDelimited(3, Buffer.concat(any)));
  }
  return Buffer.concat(parts);
}

/** @returns the JSON encoding (protobuf's JSON mapping) */
export function statusJson(status: Status): string {
  if (status.retryDelayMs === undefined) {
    return JSON.stringify({ code: status.code, message: status.message });
  }
  const retryDelay = `${status.retryDelayMs / 1000}s`;
  const details = [{ '@type': retryInfoUrl, retryDelay }];
  return JSON.stringify({ code: status.code, message: status.message, details });
}

type Visit = (field: number, value: number, body: Uint8Array | undefined) => void;

/** Walks the fields of a small message; stops silently where it is not valid. */
function walk(bytes: Uint8Array, visit: Visit): void {
  let at = 0;
  const number = (): number => {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10 && at < bytes.length; i += 1, scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    at = bytes.length + 1;
    return 0;
  };
  while (at < bytes.length) {
    const tag = number();
    const field = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === 0) {
      const value = number();
      if (at <= bytes.length) visit(field, value, undefined);
    } else if (type === 2) {
      const length = number();
      if (at + length > bytes.length) return;
      visit(field, 0, bytes.subarray(at, at + length));
      at += length;
    } else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else return;
  }
}

function text(body: Uint8Array | undefined): string {
  return body === undefined ? '' : Buffer.from(body).toString('utf8');
}

function retryDelay(any: Uint8Array | undefined): number | undefined {
  let url = '';
  let value: Uint8Array | undefined;
  walk(any ?? new Uint8Array(), (field, _, body) => {
    if (field === 1) url = text(body);
    if (field === 2) value = body;
  });
  if (!url.endsWith('/google.rpc.RetryInfo')) return undefined;
  let delay = 0;
  walk(value ?? new Uint8Array(), (field, _, body) => {
    if (field !== 1 || body === undefined) return;
    walk(body, (part, n) => {
      if (part === 1) delay += n * 1000;
      if (part === 2) delay += n / 1e6;
    });
  });
  return delay;
}

/**
 * Reads what a server sent, as far as it can be read: it only refines an error that is known.
 * A delay that is negative or longer than a year is as good as none.
 */
export function decodeStatus(bytes: Uint8Array): Status {
  let code = 0;
  let message = '';
  let delay: number | undefined;
  walk(bytes, (field, value, body) => {
    if (field === 1) code = value;
    if (field === 2) message = text(body);
    if (field === 3) delay = retryDelay(body) ?? delay;
  });
  const status: Status = { code: toCode(code), message };
  if (delay === undefined || delay > 365 * 86_400_000) return status;
  return { ...status, retryDelayMs: delay };
}
