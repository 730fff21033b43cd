import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { type Admitted, pathOf } from '../../config/groups/http-listen.ts';
import { contextOf } from '../../pipeline/http-intake/context.ts';
import type { BodyIntake } from '../../pipeline/http-intake/intake.ts';
import { answerText, intakeOf, receiveBody, refuse } from '../../pipeline/http-intake/receive.ts';
import { SpanIntake, type SpanOutcome } from '../../pipeline/span-intake.ts';
import type { ReadSpans } from '../../wire/tagged-spans/outcome.ts';
import { BinaryReader } from '../../wire/thrift/binary.ts';
import { conventionsOf } from '../../wire/zipkin/conventions.ts';
import { ZipkinJson1 } from '../../wire/zipkin/json-v1.ts';
import { ZipkinJson2 } from '../../wire/zipkin/json-v2.ts';
import { ZipkinProto } from '../../wire/zipkin/proto-v2.ts';
import { ZipkinThrift1 } from '../../wire/zipkin/thrift-v1.ts';
import type { ZipkinReceiverConfig } from './config.ts';

/** One way in which spans are written. */
interface Format {
  readonly intake: SpanIntake;
  read(body: Buffer): ReadSpans;
}

function contentType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

/** Requests with Zipkin's spans, from headers to answer. */
export class ZipkinHandler {
  readonly #settings: Settings;
  readonly #includeMetadata: boolean;
  readonly #bodies: BodyIntake;
  readonly #json1: Format;
  readonly #thrift1: Format;
  readonly #json2: Format;
  readonly #proto2: Format;

  constructor(settings: Settings, config: ZipkinReceiverConfig, next: Consumer<'traces'>) {
    this.#settings = settings;
    this.#includeMetadata = config.include_metadata;
    this.#bodies = intakeOf(config, settings.budget);
    const { parse_string_tags: parse } = config;
    const intake = (transport: string) => new SpanIntake(settings, next, transport);
    const conventions = conventionsOf((gate) => settings.gates.enabled(gate));
    const json1 = new ZipkinJson1(parse, () => settings.clock.unixMs(), conventions);
    const thrift1 = new ZipkinThrift1();
    const json2 = new ZipkinJson2(parse, conventions);
    const proto2 = new ZipkinProto(parse, conventions);
    this.#json1 = { intake: intake('http_v1_json'), read: (body) => json1.read(body) };
    this.#thrift1 = {
      intake: intake('http_v1_thrift'),
      read: (body) => thrift1.read(new BinaryReader(body)),
    };
    this.#json2 = { intake: intake('http_v2_json'), read: (body) => json2.read(body) };
    this.#proto2 = { intake: intake('http_v2_proto'), read: (body) => proto2.read(body) };
  }

  /** Any path is taken, as proxies put things before it; `api/v1/spans` in it tells the version. */
  handle(request: IncomingMessage, response: ServerResponse, admitted: Admitted): void {
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      refuse(request, response, 405, 'method not allowed, supported: [POST]\n', 65_536);
      return;
    }
    const format = this.#format(request);
    receiveBody(request, response, this.#bodies, (body) => {
      const ctx = contextOf(request, admitted, this.#includeMetadata, this.#settings.tracer);
      format.intake.take(
        () => format.read(body.bytes),
        ctx,
        (outcome) => {
          this.#bodies.release(body);
          answer(response, outcome);
        },
      );
    });
  }

  #format(request: IncomingMessage): Format {
    const type = contentType(request);
    if (pathOf(request).includes('api/v1/spans')) {
      return type === 'application/x-thrift' ? this.#thrift1 : this.#json1;
    }
    return type === 'application/x-protobuf' ? this.#proto2 : this.#json2;
  }
}

function answer(response: ServerResponse, outcome: SpanOutcome): void {
  if (outcome.kind === 'accepted') {
    response.writeHead(202, { 'content-length': 0 }).end();
  } else if (outcome.kind !== 'refused') {
    answerText(response, 400, `${outcome.text}\n`);
  } else if (outcome.error.retryable) answerText(response, 500, '"Internal Server Error"');
  else answerText(response, 400, '"Bad Request"');
}
