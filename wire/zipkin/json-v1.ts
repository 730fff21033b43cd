import { noBytes } from '../../pdata/proto/cursor.ts';
import { isZero } from '../tagged-spans/ids.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';
import { type Conventions, defaultConventions } from './conventions.ts';
import { JsonReader, namesOf, SpanFault, TextRange } from './json-reader.ts';
import { ZipkinSpansV1 } from './spans-v1.ts';

const spanNames = namesOf(
  'traceId',
  'id',
  'parentId',
  'name',
  'timestamp',
  'duration',
  'annotations',
  'binaryAnnotations',
  'debug',
  'tags',
  'localEndpoint',
);
const endpointNames = namesOf('serviceName', 'ipv4', 'ipv6', 'port');
const annotationNames = namesOf('timestamp', 'value', 'endpoint');
const tagNames = namesOf('key', 'value', 'endpoint');

/** Reads Zipkin's JSON, first version (https://zipkin.io/zipkin-api/zipkin-api.yaml). */
export class ZipkinJson1 {
  readonly #spans: ZipkinSpansV1;
  #in = new JsonReader(noBytes);
  // What the annotation or tag being read consists of.
  #time = 0;
  readonly #text = new TextRange();
  #key = -1;
  /** -1 = the value is a text. */
  #truth = -1;

  /**
   * @param parse key `parse_string_tags`
   * @param now milliseconds since 1970: the time of spans that say none
   */
  constructor(parse: boolean, now: () => number, conventions: Conventions = defaultConventions) {
    this.#spans = new ZipkinSpansV1({ parse, now, conventions });
  }

  /**
   * Reads a list of spans.
   * @throws WireError for what is no JSON; nothing of it is kept
   */
  read(bytes: Uint8Array): ReadSpans {
    this.#in = new JsonReader(bytes);
    try {
      return this.#in.spans(() => this.#span(), this.#spans);
    } finally {
      this.#in = new JsonReader(noBytes);
      this.#text.clear();
    }
  }

  #span(): void {
    const spans = this.#spans;
    spans.begin();
    if (this.#in.in.peek() !== 0x7b) throw this.#in.in.fault('an object');
    this.#in.object(spanNames, this.#field);
    if (isZero(spans.traceId)) throw new SpanFault('a trace id other than 0 is required');
    if (isZero(spans.spanId)) throw new SpanFault('a span id other than 0 is required');
    spans.end();
  }

  readonly #field = (index: number): void => {
    const spans = this.#spans;
    const input = this.#in;
    switch (index) {
      case 0:
        input.hexTo(spans.traceId, 'traceId');
        this.#digits('traceId', 16, 32);
        return;
      case 1:
        input.hexTo(spans.spanId, 'id');
        this.#digits('id', 16, 16);
        return;
      case 2:
        input.hexTo(spans.parentId, 'parentId');
        if (input.in.to === input.in.from) return;
        this.#digits('parentId', 16, 16);
        if (isZero(spans.parentId)) throw new SpanFault('parentId is 0');
        return;
      case 3:
        input.in.text();
        spans.name = input.in.source.subarray(input.in.from, input.in.to);
        return;
      case 4:
        spans.timestamp = input.integer('timestamp');
        return;
      case 5:
        spans.duration = input.integer('duration');
        return;
      case 6:
        input.list(this.#annotation);
        return;
      case 7:
        input.list(this.#tag);
        return;
      case 8:
        input.bool();
        return;
      default: {
        const name = Buffer.from(spanNames[index]!).toString();
        throw new SpanFault(`${name} is of version 2, which goes to /api/v2/spans`);
      }
    }
  };

  #digits(what: string, one: number, other: number): void {
    const { from, to } = this.#in.in;
    if (to - from !== one && to - from !== other) throw this.#in.badId(what);
  }

  #clear(): void {
    this.#spans.endpoint.clear();
    this.#time = 0;
    this.#text.clear();
    this.#key = -1;
    this.#truth = -1;
  }

  readonly #annotation = (): void => {
    this.#clear();
    this.#in.object(annotationNames, this.#annotationField);
    const { source, from, to } = this.#text;
    this.#spans.annotation(this.#time, source, from, to);
  };

  readonly #annotationField = (index: number): void => {
    if (index === 0) this.#time = this.#in.integer('timestamp');
    else if (index === 1) this.#text.read(this.#in.in);
    else this.#endpoint();
  };

  readonly #tag = (): void => {
    this.#clear();
    const spans = this.#spans;
    if (this.#in.in.takeNull()) throw new SpanFault('a binary annotation is null');
    this.#in.object(tagNames, this.#tagField);
    if (this.#key < 0) this.#key = spans.keys.number('');
    const { source, from, to } = this.#text;
    spans.tagged(this.#key, source.subarray(from, to), false);
    if (this.#truth >= 0) spans.tags.bool(this.#key, this.#truth === 1);
    else spans.tags.text(this.#key, source, from, to);
  };

  readonly #tagField = (index: number): void => {
    const { in: input } = this.#in;
    if (index === 0) {
      input.text();
      this.#key = this.#spans.key(input.source, input.from, input.to);
    } else if (index === 2) this.#endpoint();
    // Some clients write the addresses of the other end (sa, ca) as the boolean that they are.
    else if (input.peek() === 0x74 || input.peek() === 0x66) this.#truth = this.#in.bool() ? 1 : 0;
    else this.#text.read(input);
  };

  #endpoint(): void {
    const { endpoint } = this.#spans;
    this.#in.object(endpointNames, (index) => {
      if (index === 3) {
        endpoint.port = this.#in.integer('port') | 0;
        return;
      }
      const { in: input } = this.#in;
      input.text();
      const { source, from, to } = input;
      if (index === 0) endpoint.name(source, from, to);
      else if (index === 1) endpoint.v4 = source.subarray(from, to);
      else endpoint.v6 = source.subarray(from, to);
    });
  }
}
