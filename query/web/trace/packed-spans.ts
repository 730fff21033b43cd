import { setImmediate } from 'node:timers/promises';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { StoredResource, StoredScope, StoredSpan } from '../../../storage/traces/model.ts';
import { resourceOf, scopeOf, spanOf } from '../../shown/otlp-json.ts';
import { view } from '../../shown/view.ts';

/** Spans in one compressed block: one span costs the unpacking of so many. */
const blockSpans = 128;
/** Characters that are packed or looked through before others have their turn. */
const turnChars = 256 << 10;

/** Spans of one resource and scope, in OTLP/JSON. */
export interface SpanGroup {
  /** JSON of the Resource, of the InstrumentationScope, and their schema URLs. */
  readonly resource: string;
  readonly resourceSchemaUrl: string;
  readonly scope: string;
  readonly scopeSchemaUrl: string;
  readonly count: number;
}

interface Block {
  readonly bytes: Uint8Array;
  /** Where in the text each span begins, and the end of the last. */
  readonly starts: Uint32Array;
}

/**
 * All that spans say, as compressed OTLP/JSON: a tenth of what they take as objects. They are
 * packed a block at a time, so that nothing else waits long.
 *
 *     slots     spans in the order of resource and scope
 *     blocks    128 slots each: JSON of the spans one after the other, zstd
 */
export class PackedSpans {
  readonly groups: readonly SpanGroup[];
  /** Slot of each span, in the order in which they were given. */
  readonly #slots: Int32Array;
  readonly #groupOf: Int32Array;
  readonly #blocks: readonly Block[];
  /** Bytes that it holds, roughly. */
  readonly bytes: number;

  private constructor(made: {
    groups: readonly SpanGroup[];
    slots: Int32Array;
    groupOf: Int32Array;
    blocks: readonly Block[];
  }) {
    this.groups = made.groups;
    this.#slots = made.slots;
    this.#groupOf = made.groupOf;
    this.#blocks = made.blocks;
    const packed = made.blocks.reduce((sum, b) => sum + b.bytes.length + b.starts.byteLength, 0);
    const sets = made.groups.reduce((sum, g) => sum + g.resource.length + g.scope.length, 0);
    this.bytes = packed + sets + made.slots.byteLength * 2;
  }

  static async pack(spans: readonly StoredSpan[]): Promise<PackedSpans> {
    const { order, groups, groupOf } = inGroups(spans);
    const slots = new Int32Array(spans.length);
    for (const [slot, span] of order.entries()) slots[span] = slot;
    const blocks: Block[] = [];
    let done = 0;
    for (let at = 0; at < order.length; at += blockSpans) {
      const texts = Array.from(order.subarray(at, at + blockSpans), (i) =>
        JSON.stringify(spanOf(view(spans[i]!))),
      );
      blocks.push(packBlock(texts));
      done += texts.reduce((sum, text) => sum + text.length, 0);
      if (done < turnChars) continue;
      await setImmediate();
      done = 0;
    }
    return new PackedSpans({ groups, slots, groupOf, blocks });
  }

  /** OTLP/JSON of a span. @param span its number in the order in which they were given */
  json(span: number): string {
    const slot = this.#slots[span]!;
    const { bytes, starts } = this.#blocks[Math.floor(slot / blockSpans)]!;
    const at = slot % blockSpans;
    return zstdDecompressSync(bytes).toString('utf8', starts[at], starts[at + 1]);
  }

  group(span: number): SpanGroup {
    return this.groups[this.#groupOf[span]!]!;
  }

  /** Texts of all spans in the order of their groups. */
  *texts(): Generator<string> {
    for (const { bytes, starts } of this.#blocks) {
      const text = zstdDecompressSync(bytes);
      for (let i = 0; i + 1 < starts.length; i++) {
        yield text.toString('utf8', starts[i], starts[i + 1]);
      }
    }
  }

  /**
   * Which spans' texts fulfil a condition, 1 = yes, by their number.
   * @param hint in lower case: a text that contains it nowhere in any case does not fulfil it
   */
  async search(hint: string, wanted: (text: string) => boolean): Promise<Uint8Array> {
    const bySlot = new Uint8Array(this.#slots.length);
    let slot = 0;
    let done = 0;
    for (const block of this.#blocks) {
      const spans = block.starts.length - 1;
      const bytes = zstdDecompressSync(block.bytes);
      if (bytes.toString().toLowerCase().includes(hint)) {
        for (let i = 0; i < spans; i++) {
          const text = bytes.toString('utf8', block.starts[i], block.starts[i + 1]);
          bySlot[slot + i] = wanted(text) ? 1 : 0;
        }
      }
      slot += spans;
      done += bytes.length;
      if (done < turnChars) continue;
      await setImmediate();
      done = 0;
    }
    return Uint8Array.from(this.#slots, (at) => bySlot[at]!);
  }
}

function packBlock(texts: readonly string[]): Block {
  const parts = texts.map((text) => Buffer.from(text));
  const starts = new Uint32Array(parts.length + 1);
  for (const [i, part] of parts.entries()) starts[i + 1] = starts[i]! + part.length;
  return { bytes: zstdCompressSync(Buffer.concat(parts)), starts };
}

interface Grouped {
  /** Numbers of the spans, those of one group together. */
  readonly order: Int32Array;
  readonly groups: SpanGroup[];
  /** Group of each span. */
  readonly groupOf: Int32Array;
}

function inGroups(spans: readonly StoredSpan[]): Grouped {
  const numbers = new Map<StoredResource, Map<StoredScope, number>>();
  const groups: (SpanGroup & { count: number })[] = [];
  const groupOf = new Int32Array(spans.length);
  for (const [i, { resource, scope }] of spans.entries()) {
    let scopes = numbers.get(resource);
    if (scopes === undefined) numbers.set(resource, (scopes = new Map()));
    let number = scopes.get(scope);
    if (number === undefined) {
      number = groups.length;
      scopes.set(scope, number);
      groups.push({
        resource: JSON.stringify(resourceOf(resource)),
        resourceSchemaUrl: resource.schemaUrl,
        scope: JSON.stringify(scopeOf(scope)),
        scopeSchemaUrl: scope.schemaUrl,
        count: 0,
      });
    }
    groups[number]!.count++;
    groupOf[i] = number;
  }
  const order = Int32Array.from(spans.keys());
  order.sort((a, b) => groupOf[a]! - groupOf[b]! || a - b);
  return { order, groups, groupOf };
}
