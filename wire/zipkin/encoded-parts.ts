import { Writer } from '../../pdata/proto/writer.ts';
import { type AttributeSet, type AttributeValue, writeAttributes } from '../../pdata/values.ts';

/** Attributes as exporters of OTLP put them into a text: a JSON object. */
function attributesOf(text: string): AttributeSet | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const pairs = Object.entries(value as Record<string, AttributeValue>);
  return new Map(pairs.filter(([, one]) => one !== null));
}

const count = /^\d{1,10}$/;

interface Parts {
  readonly head: readonly string[];
  readonly attributes: AttributeSet;
  readonly dropped: number;
}

/** `head|...|JSON|dropped`, where the JSON may have bars in it. */
function partsOf(text: string, heads: number): Parts | undefined {
  const parts = text.split('|');
  const last = parts.at(-1)!;
  if (parts.length < heads + 2 || !count.test(last) || Number(last) > 0xffffffff) return undefined;
  const attributes = attributesOf(parts.slice(heads, -1).join('|'));
  if (attributes === undefined) return undefined;
  return { head: parts.slice(0, heads), attributes, dropped: Number(last) };
}

/**
 * Writes the fields of an event whose text is `name|attributes as JSON|dropped attributes`.
 * @returns false, and writes nothing, when it is none
 */
export function writeEvent(w: Writer, text: string): boolean {
  const parts = partsOf(text, 1);
  if (parts === undefined) return false;
  if (parts.head[0] !== '') w.stringField(2, parts.head[0]!);
  writeAttributes(w, 3, parts.attributes);
  if (parts.dropped !== 0) w.uintField(4, parts.dropped);
  return true;
}

function isId(text: string, digits: number): boolean {
  return text === '' || (text.length === digits && /^[0-9a-fA-F]*$/.test(text));
}

/**
 * The fields of a link whose text is `trace id|span id|trace state|attributes as JSON|dropped`.
 * @returns undefined when it is none
 */
export function linkFields(text: string): Uint8Array | undefined {
  const parts = partsOf(text, 3);
  if (parts === undefined) return undefined;
  const [traceId, spanId, state] = parts.head as [string, string, string];
  if (!isId(traceId, 32) || !isId(spanId, 16)) return undefined;
  const w = new Writer(text.length + 64);
  if (traceId !== '') w.bytesField(1, Buffer.from(traceId, 'hex'));
  if (spanId !== '') w.bytesField(2, Buffer.from(spanId, 'hex'));
  if (state !== '') w.stringField(3, state);
  writeAttributes(w, 4, parts.attributes);
  if (parts.dropped !== 0) w.uintField(5, parts.dropped);
  return w.take();
}
