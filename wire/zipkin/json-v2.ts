import { noBytes } from '../../pdata/proto/cursor.ts';
import { isZero } from '../tagged-spans/ids.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';
import { type Conventions, defaultConventions } from './conventions.ts';
import type { Endpoint } from './endpoint.ts';
import { JsonReader, namesOf, SpanFault, TextRange } from './json-reader.ts';
import { ZipkinSpans } from './spans-v2.ts';

const spanNames = namesOf(
  'traceId',
  'id',
  'parentId',
  'name',
  'kind',
  'timestamp',
  'duration',
  'localEndpoint',
  'remoteEndpoint',
  'annotations',
  'tags',
  'shared',
  'debug',
  'binaryAnnotations',
);
const endpointNames = namesOf('serviceName', 'ipv4', 'ipv6', 'port');
const annotationNames = namesOf('timestamp', 'value');

const kinds: Readonly<Record<string, number>> = { SERVER: 2, CLIENT: 3, PRODUCER: 4, CONSUMER: 5 };

/** Reads Zipkin's JSON, second version (https://zipkin.io/zipkin-api/zipkin2-api.yaml). */
export class ZipkinJson2 {
  readonly #spans: ZipkinSpans;
  #in = new JsonReader(noBytes);
  // What the annotation and the tag being read consist of.
  #time = 0;
  readonly #text = new TextRange();
  #key = 0;

  /** @param parse key `parse_string_tags` */
  constructor(parse: boolean, conventions: Conventions = defaultConventions) {
    this.#spans = new ZipkinSpans(parse, conventions);
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
    if (isZero(spans.spanId)) throw new SpanFault('a span id is required');
    spans.end();
  }

  readonly #field = (index: number): void => {
    const spans = this.#spans;
    const input = this.#in;
    switch (index) {
      case 0:
        input.hexTo(spans.traceId, 'traceId');
        if (input.in.to === input.in.from) throw input.badId('traceId');
        return;
      case 1:
        input.hexTo(spans.spanId, 'id');
        return;
      case 2:
        input.hexTo(spans.parentId, 'parentId');
        return;
      case 3:
        input.in.text();
        spans.name = input.in.source.subarray(input.in.from, input.in.to);
        return;
      case 4:
        this.#kind();
        return;
      case 5: {
        const timestamp = input.unsigned('timestamp');
        spans.timestamp = timestamp === 0 ? -1 : timestamp;
        return;
      }
      case 6:
        spans.duration = input.unsigned('duration');
        return;
      case 7:
        this.#endpoint(spans.local);
        return;
      case 8:
        this.#endpoint(spans.remote);
        return;
      case 9:
        input.list(this.#annotation);
        return;
      case 10:
        input.texts(this.#tagKey, this.#tagValue);
        return;
      case 13:
        throw new SpanFault('binaryAnnotations are of version 1, which goes to /api/v1/spans');
      default:
        input.bool();
    }
  };

  #kind(): void {
    const { in: input } = this.#in;
    input.text();
    const text = Buffer.from(input.source.subarray(input.from, input.to)).toString('latin1');
    this.#spans.kind = Object.hasOwn(kinds, text) ? kinds[text]! : 0;
  }

  #endpoint(endpoint: Endpoint): void {
    endpoint.clear();
    this.#in.object(endpointNames, (index) => {
      if (index === 3) {
        endpoint.port = this.#in.unsigned('port');
        if (endpoint.port > 65535) throw new SpanFault(`port ${endpoint.port} is over 65535`);
        return;
      }
      const { in: input } = this.#in;
      input.text();
      if (index === 0) endpoint.name(input.source, input.from, input.to);
      else {
        const address = this.#address();
        if (index === 1) endpoint.v4 = address;
        else endpoint.v6 = address;
      }
    });
  }

  #address(): Uint8Array {
    const { source, from, to } = this.#in.in;
    if (to === from) return source.subarray(0, 0);
    const found = this.#spans.addresses.ofText(source, from, to);
    if (found !== undefined) return found;
    const text = Buffer.from(source.subarray(from, Math.min(to, from + 64))).toString('utf8');
    throw new SpanFault(`${JSON.stringify(text)} is not an IP address`);
  }

  readonly #annotation = (): void => {
    this.#time = 0;
    this.#text.clear();
    if (this.#in.in.takeNull()) throw new SpanFault('an annotation is null');
    this.#in.object(annotationNames, this.#annotationField);
    if (this.#time < 1) throw new SpanFault('an annotation has no timestamp');
    const { source, from, to } = this.#text;
    if (!this.#spans.annotation(this.#time, source, from, to)) {
      throw new SpanFault(`an annotation's timestamp of ${this.#time} us is out of range`);
    }
  };

  readonly #annotationField = (index: number): void => {
    if (index === 0) this.#time = this.#in.unsigned('timestamp');
    else this.#text.read(this.#in.in);
  };

  readonly #tagKey = (): void => {
    const { source, from, to } = this.#in.in;
    this.#key = this.#spans.keys.intern(source, from, to);
  };

  readonly #tagValue = (): void => {
    const { source, from, to } = this.#in.in;
    this.#spans.tags.text(this.#key, source, from, to);
  };
}
