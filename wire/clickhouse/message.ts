import { AttributeList } from './attribute-list.ts';
import { Ranges, readVarint, Scan, skipField } from './scan.ts';

/** Field numbers below this are kept. */
const FIELDS = 17;

/** Which fields of a message are repeated; 0 = none. */
export interface Repeated {
  /** KeyValue fields, gathered in `attributes`. */
  readonly attributes: number;
  /** Gathered in `listA`, `listB`. */
  readonly listA: number;
  readonly listB: number;
}

/**
 * The fields of one protobuf message by number: where the content of each lies, the last one of
 * equal numbers. Reused from message to message, so that nothing is allocated for an item.
 * An absent field is an empty range.
 */
export class Message {
  readonly start = new Int32Array(FIELDS);
  readonly end = new Int32Array(FIELDS);
  readonly attributes = new AttributeList();
  readonly listA = new Ranges();
  readonly listB = new Ranges();
  readonly #repeated: Repeated;
  readonly #scan = new Scan();

  constructor(repeated: Repeated) {
    this.#repeated = repeated;
  }

  /** Reads message bytes `[from, to)`, which the structural pass has found sound. */
  read(b: Uint8Array, from: number, to: number): void {
    const { start, end, attributes, listA, listB } = this;
    const scan = this.#scan;
    const repeated = this.#repeated;
    start.fill(to);
    end.fill(to);
    attributes.count = 0;
    listA.count = 0;
    listB.count = 0;
    for (let p = from; p < to; ) {
      let tag = b[p]!;
      let content = p + 1;
      if (tag > 127) {
        content = readVarint(b, p, scan);
        tag = scan.value;
      }
      const field = tag >>> 3;
      const wire = tag & 7;
      let next: number;
      if (wire === 2) {
        const length = b[content]!;
        if (length < 128) {
          content++;
          next = content + length;
        } else {
          content = readVarint(b, content, scan);
          next = content + scan.value;
        }
        if (field === repeated.attributes) {
          attributes.add(b, content, next);
          p = next;
          continue;
        }
        if (field === repeated.listA) listA.add(content, next);
        else if (field === repeated.listB) listB.add(content, next);
      } else next = skipField(b, p, scan);
      if (field < FIELDS) {
        start[field] = content;
        end[field] = next;
      }
      p = next;
    }
  }

  has(field: number): boolean {
    return this.start[field]! < this.end[field]!;
  }

  /** Low 32 bits of varint field `field`, unsigned; 0 when absent. */
  varint(b: Uint8Array, field: number): number {
    const at = this.start[field]!;
    if (at === this.end[field]!) return 0;
    readVarint(b, at, this.#scan);
    return this.#scan.value;
  }

  /** Low and high half of fixed64 field `field`; 0 when absent. */
  low(b: Uint8Array, field: number): number {
    return this.has(field) ? u32At(b, this.start[field]!) : 0;
  }

  high(b: Uint8Array, field: number): number {
    return this.has(field) ? u32At(b, this.start[field]! + 4) : 0;
  }

  /** Value of fixed32 field `field`; 0 when absent. */
  fixed32(b: Uint8Array, field: number): number {
    return this.low(b, field);
  }
}

/** Reads the little-endian 32 bits at `at`, unsigned. */
export function u32At(b: Uint8Array, at: number): number {
  return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
}
