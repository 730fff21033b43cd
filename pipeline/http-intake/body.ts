import type { IncomingMessage } from 'node:http';
import type { ByteBudget } from '../../wire/compression/types.ts';

/** Why a body is not taken. */
export type BodyFault = 'too_large' | 'no_memory' | 'cut_off';

/** A body whose bytes are reserved with the budget; whoever takes it over gives them back. */
export interface Body {
  readonly bytes: Buffer;
  readonly reserved: number;
}

/** Memory is taken for a body of up to this size at once; beyond it as the bytes come. */
const firstStep = 512 * 1024;

/** Memory that the first bytes of a body get for each of them: a mere claim gets little. */
const firstRatio = 32;

/**
 * Reads a request body into one buffer of its own. Every byte is reserved before memory is taken
 * for it. `done` is called exactly once; after a fault nothing stays reserved.
 * @param declared content-length, or -1
 */
export function readBody(
  request: IncomingMessage,
  declared: number,
  maxBytes: number,
  budget: ByteBudget,
  done: (body: Body | BodyFault) => void,
): void {
  if (declared > maxBytes) {
    done('too_large');
    return;
  }
  let bytes = Buffer.alloc(0);
  let length = 0;
  let ended = false;
  const settle = (result: Body | BodyFault): void => {
    if (ended) return;
    ended = true;
    if (typeof result === 'string' && bytes.length > 0) budget.release(bytes.length);
    done(result);
  };
  const room = (needed: number): boolean => {
    if (needed <= bytes.length) return true;
    const limit = declared >= 0 ? Math.max(declared, needed) : maxBytes;
    const step = Math.min(firstStep, 8192 + firstRatio * needed);
    const size = Math.min(limit, Math.max(declared >= 0 ? step : 8192, needed, 4 * bytes.length));
    if (!budget.tryReserve(size)) return false;
    const larger = Buffer.allocUnsafeSlow(size);
    bytes.copy(larger, 0, 0, length);
    if (bytes.length > 0) budget.release(bytes.length);
    bytes = larger;
    return true;
  };
  request.on('data', (chunk: Buffer) => {
    if (ended) return;
    if (length + chunk.length > maxBytes) return settle('too_large');
    if (!room(length + chunk.length)) return settle('no_memory');
    chunk.copy(bytes, length);
    length += chunk.length;
  });
  request.on('end', () => settle({ bytes: bytes.subarray(0, length), reserved: bytes.length }));
  request.on('close', () => settle('cut_off'));
  request.on('error', () => settle('cut_off'));
}
