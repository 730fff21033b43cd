/** What an OTLP server says it did not take of a request, or warns of. */
export interface PartialSuccess {
  /** Spans, data points, log records or profiles; 0 with a message is a warning. */
  readonly rejected: number;
  readonly message: string;
}

function varint(bytes: Uint8Array, from: number): { value: number; at: number } {
  let value = 0;
  let scale = 1;
  let at = from;
  for (; at < bytes.length; scale *= 128) {
    const byte = bytes[at++]!;
    value += (byte & 127) * scale;
    if (byte < 128) break;
  }
  return { value, at };
}

/**
 * Reads Export*ServiceResponse: {partial_success = 1: {int64 rejected = 1, string message = 2}}.
 * What cannot be read says nothing.
 * @returns undefined when nothing was rejected and nothing is said
 */
export function decodePartialSuccess(answer: Uint8Array): PartialSuccess | undefined {
  if (answer[0] !== 0x0a) return undefined;
  const outer = varint(answer, 1);
  const end = Math.min(answer.length, outer.at + outer.value);
  let rejected = 0;
  let message = '';
  for (let at = outer.at; at < end; ) {
    const tag = answer[at++]!;
    const { value, at: next } = varint(answer, at);
    at = next;
    if (tag === 0x08) rejected = value;
    else if (tag === 0x12) {
      message = Buffer.from(answer.subarray(at, Math.min(end, at + value))).toString('utf8');
      at += value;
    } else break;
  }
  return rejected === 0 && message === '' ? undefined : { rejected, message };
}

/**
 * The same from the JSON form: `{"partialSuccess": {"rejectedSpans": "3", "errorMessage": ".."}}`.
 */
export function partialSuccessOfJson(text: string): PartialSuccess | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const partial = (parsed as { partialSuccess?: unknown }).partialSuccess;
  if (typeof partial !== 'object' || partial === null) return undefined;
  const entries = Object.entries(partial);
  const message = entries.find(([key]) => key === 'errorMessage')?.[1] ?? '';
  const count = Number(entries.find(([key]) => key.startsWith('rejected'))?.[1] ?? 0);
  const rejected = Number.isNaN(count) ? 0 : Math.max(0, count);
  if (rejected === 0 && message === '') return undefined;
  return { rejected, message: String(message) };
}
