import type { Traces } from '../batch.ts';
import { Cursor, noBytes, readVarint, skipValue } from '../proto/cursor.ts';
import { GroupReader } from './group-reader.ts';
import { MessageView } from './message-view.ts';

/** Field numbers of Span. */
export const SpanField = {
  traceId: 1,
  spanId: 2,
  traceState: 3,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  start: 7,
  end: 8,
  attributes: 9,
  droppedAttributes: 10,
  events: 11,
  droppedEvents: 12,
  links: 13,
  droppedLinks: 14,
  status: 15,
  flags: 16,
} as const;

/** Walks spans; `item` is the span. */
export class SpanReader extends GroupReader<'traces'> {
  /** The event that {@link nextEvent} moved to: fields 1 time, 2 name, 3 attributes, 4 dropped. */
  readonly event = new MessageView();
  /** The link that {@link nextLink} moved to: 1 trace id, 2 span id, 3 state, 4 attributes, 6 flags. */
  readonly link = new MessageView();
  readonly #status = new MessageView();
  readonly #cursor = new Cursor(noBytes);
  #eventsOf = -1;
  #linksOf = -1;

  constructor(batch: Traces) {
    super(batch);
    this.item.attributeField = SpanField.attributes;
    this.event.attributeField = 3;
    this.link.attributeField = 4;
  }

  get name(): string {
    return this.item.string(SpanField.name);
  }

  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  get kind(): number {
    return this.item.uint(SpanField.kind);
  }

  /** 0 unset, 1 ok, 2 error. */
  get statusCode(): number {
    return this.#bindStatus() ? this.#status.uint(3) : 0;
  }

  get statusMessage(): string {
    return this.#bindStatus() ? this.#status.string(2) : '';
  }

  #bindStatus(): boolean {
    const { item } = this;
    if (!item.findField(SpanField.status)) return false;
    this.#status.bindBytes(item.value.bytes, item.value.start, item.value.end);
    return true;
  }

  /** Moves to the next event of the span, as it came in. */
  nextEvent(): boolean {
    const key = this.node;
    const from = this.#eventsOf === key ? this.event.end : this.item.start;
    this.#eventsOf = key;
    return this.#nextField(this.event, from, 90);
  }

  /** Moves to the next link of the span, as it came in. */
  nextLink(): boolean {
    const key = this.node;
    const from = this.#linksOf === key ? this.link.end : this.item.start;
    this.#linksOf = key;
    return this.#nextField(this.link, from, 106);
  }

  override nextItem(): boolean {
    this.#eventsOf = -1;
    this.#linksOf = -1;
    return super.nextItem();
  }

  #nextField(view: MessageView, from: number, wanted: number): boolean {
    const c = this.#cursor;
    c.bytes = this.item.bytes;
    c.pos = from;
    while (c.pos < this.item.end) {
      const header = c.pos;
      const tag = readVarint(c);
      if (tag !== wanted) {
        skipValue(c, tag);
        continue;
      }
      const length = readVarint(c);
      view.bindBytes(c.bytes, c.pos, c.pos + length);
      view.header = header;
      return true;
    }
    view.bindBytes(c.bytes, c.pos, c.pos);
    return false;
  }
}
