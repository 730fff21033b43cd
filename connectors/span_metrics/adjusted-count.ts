import type { Random } from '../../component/settings.ts';
import { asBuffer } from '../../pdata/proto/as-buffer.ts';

const whole = 2n ** 56n;
const keyPattern = /^(?:[a-z][a-z0-9_*/-]*|[a-z0-9][a-z0-9_*/-]*@[a-z][a-z0-9_*/-]*)$/;
const valuePattern = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const otPattern = /^[a-z][a-z0-9]*:[a-zA-Z0-9._-]*(?:;[a-z][a-z0-9]*:[a-zA-Z0-9._-]*)*$/;

/**
 * Probability threshold of a tracestate's `ot=th:...`
 * (https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/).
 * @returns 0 to 2^56 - 1 in units of 2^-56, undefined when there is none or the text is malformed
 */
function samplingThreshold(tracestate: string): bigint | undefined {
  if (!tracestate.includes('ot=') || tracestate.length > 1024) return undefined;
  const members = tracestate.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''));
  if (members.length >= 32) return undefined;
  let own: string | undefined;
  for (const member of members) {
    if (member === '') continue;
    const at = member.indexOf('=');
    const key = member.slice(0, Math.max(at, 0));
    const value = member.slice(at + 1);
    if (!keyPattern.test(key) || !valuePattern.test(value)) return undefined;
    if (key === 'ot') own = value;
  }
  if (own === undefined || own.length > 256 || !otPattern.test(own)) return undefined;
  let threshold: bigint | undefined;
  for (const field of own.split(';')) {
    const [key, value = ''] = field.split(':');
    if (key === 'rv' && !/^[0-9a-fA-F]{14}$/.test(value)) return undefined;
    if (key !== 'th') continue;
    if (!/^[0-9a-fA-F]{1,14}$/.test(value)) return undefined;
    threshold = BigInt(`0x${value.padEnd(14, '0')}`);
  }
  return threshold;
}

/** How many spans a sampled span stands for; remembers the last tracestate. */
export class AdjustedCount {
  /** Result of {@link read}. */
  count = 1;
  adjusted = false;
  readonly #random: Random;
  #last: Uint8Array = new Uint8Array(0);

  constructor(random: Random) {
    this.#random = random;
  }

  /** Begins a batch: a fraction is rounded anew. */
  reset(): void {
    this.#last = new Uint8Array(0);
    this.count = 1;
    this.adjusted = false;
  }

  /** Reads the tracestate in bytes [start, end) into {@link count} and {@link adjusted}. */
  read(b: Uint8Array, start: number, end: number): void {
    const last = this.#last;
    if (last.length === end - start) {
      let i = 0;
      while (i < last.length && last[i] === b[start + i]) i += 1;
      if (i === last.length) return;
    }
    this.#last = b.slice(start, end);
    this.count = 1;
    this.adjusted = false;
    const threshold = samplingThreshold(asBuffer(b).toString('latin1', start, end));
    if (threshold === undefined) return;
    const kept = whole - threshold;
    const rest = whole % kept;
    this.adjusted = true;
    this.count = Number(whole / kept);
    // rounded up as often as the fraction says, so that sums are right on average
    if (rest > 0n && this.#random.float() * Number(kept) < Number(rest)) this.count += 1;
  }
}
