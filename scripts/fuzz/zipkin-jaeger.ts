import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { WireError } from '../../pdata/wire-error.ts';
import { JaegerProto } from '../../wire/jaeger/proto.ts';
import { JaegerThrift } from '../../wire/jaeger/thrift.ts';
import type { ReadSpans } from '../../wire/tagged-spans/outcome.ts';
import { BinaryReader } from '../../wire/thrift/binary.ts';
import { CompactReader } from '../../wire/thrift/compact.ts';
import { ZipkinJson1 } from '../../wire/zipkin/json-v1.ts';
import { ZipkinJson2 } from '../../wire/zipkin/json-v2.ts';
import { ZipkinProto } from '../../wire/zipkin/proto-v2.ts';
import { ZipkinThrift1 } from '../../wire/zipkin/thrift-v1.ts';
import { writeZipkinJson } from '../../wire/zipkin/write.ts';
import type { Target } from './targets.ts';

/** A reader whose spans must be valid and can be written for Zipkin. */
function reader(
  name: string,
  folder: string,
  ending: string,
  read: (bytes: Buffer) => ReadSpans,
): Target {
  const testdata = join(import.meta.dirname, '../../wire', folder, 'testdata');
  return {
    name,
    seeds: () =>
      readdirSync(testdata)
        .filter((file) => file.endsWith(ending))
        .map((file) => readFileSync(join(testdata, file))),
    run(input) {
      const { batch } = read(input);
      if (batch === undefined) return;
      toJson(parseRequest('traces', Buffer.concat(batch.ranges())));
      JSON.parse(Buffer.from(writeZipkinJson(batch).body).toString());
    },
    refusal: (error) => error instanceof WireError,
  };
}

const json2 = new ZipkinJson2(true);
const proto2 = new ZipkinProto(true);
const json1 = new ZipkinJson1(true, () => 0);
const thrift1 = new ZipkinThrift1();
const jaeger = new JaegerThrift();
const jaegerProto = new JaegerProto();

/** Readers of Zipkin's and Jaeger's formats. */
export const zipkinJaeger: readonly Target[] = [
  reader('Zipkin JSON 2', 'zipkin', '.zipkin2.json', (bytes) => json2.read(bytes)),
  reader('Zipkin protobuf', 'zipkin', '.zipkin2.pb', (bytes) => proto2.read(bytes)),
  reader('Zipkin JSON 1', 'zipkin', '.zipkin1.json', (bytes) => json1.read(bytes)),
  reader('Zipkin Thrift 1', 'zipkin', '.zipkin1.thrift', (bytes) =>
    thrift1.read(new BinaryReader(bytes)),
  ),
  reader('Jaeger Thrift', 'jaeger', '.jaeger.thrift', (bytes) =>
    jaeger.batch(new BinaryReader(bytes)),
  ),
  reader('Jaeger compact', 'jaeger', '.emit-compact', (bytes) =>
    jaeger.message(new CompactReader(bytes)),
  ),
  reader('Jaeger protobuf', 'jaeger', '.jaeger.pb', (bytes) => jaegerProto.request(bytes)),
];
