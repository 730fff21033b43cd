import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { CaptureEngine } from '../../agent/engine.ts';
import { protocols } from '../../agent/l7/registry.ts';
import { CaptureFileError } from '../../agent/pcap/error.ts';
import { CaptureReader } from '../../agent/pcap/reader.ts';
import { TimeCheck } from '../../agent/pcap/time-check.ts';
import { parseYaml } from '../../config/confmap/index.ts';
import { ConfigError } from '../../config/schema/index.ts';
import { parseJson, toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { type Signal, signals } from '../../pdata/signal.ts';
import { randomRequest } from '../../pdata/testing/random-request.ts';
import { WireError } from '../../pdata/wire-error.ts';
import { otlpJsonTraces } from '../../query/shown/stored-from-otlp.ts';
import { lex } from '../../storage/engine/lexer.ts';
import { createCompressor } from '../../wire/compression/compressor.ts';
import { Decompressor } from '../../wire/compression/decompressor.ts';
import { DecompressError, encodings } from '../../wire/compression/types.ts';
import { bench } from '../../wire/grpc/http2/testing.ts';
import { LineLimit, LineMetrics } from '../../wire/influx/line-metrics.ts';
import { LineParser } from '../../wire/statsd/line-parser.ts';
import { decodeStatus, encodeStatus } from '../../wire/status/status.ts';
import { readVectorLogs } from '../../wire/vector-logs/read.ts';
import { edits } from './edits.ts';
import { grpc } from './grpc.ts';
import { skywalking } from './skywalking.ts';
import { zipkinJaeger } from './zipkin-jaeger.ts';

/** A reader of foreign bytes. */
export interface Target {
  readonly name: string;
  seeds(): Buffer[] | Promise<Buffer[]>;
  run(input: Buffer): unknown;
  /** Whether the reader says with this error that the input is bad. */
  refusal(error: unknown): boolean;
}

const root = join(import.meta.dirname, '../..');
const never = (): boolean => false;
const maxBytes = 1 << 20;
const budget = { tryReserve: (bytes: number) => bytes <= maxBytes, release: () => undefined };

const isWireError = (error: unknown): boolean => error instanceof WireError;

function requests(signal: Signal): Buffer[] {
  const shape = { unknown: true, wild: true };
  return Array.from({ length: 40 }, (_, seed) => Buffer.from(randomRequest(signal, seed, shape)));
}

function protobuf(signal: Signal): Target {
  return {
    name: `otlp protobuf ${signal}`,
    seeds: () => requests(signal),
    // What was accepted must be readable to the end.
    run: (input) => toJson(parseRequest(signal, input)),
    refusal: isWireError,
  };
}

function json(signal: Signal): Target {
  return {
    name: `otlp json ${signal}`,
    seeds: () => requests(signal).map((b) => Buffer.from(toJson(parseRequest(signal, b)))),
    run: (input) => parseJson(signal, input).ranges(),
    refusal: isWireError,
  };
}

const text = Buffer.from('the quick brown fox '.repeat(200));

function compression(encoding: (typeof encodings)[number]): Target {
  const decompressor = new Decompressor(budget);
  return {
    name: `decompress ${encoding}`,
    seeds: async () => {
      if (encoding === 'gzip') return [gzipSync(text)];
      if (encoding === 'zstd') return [zstdCompressSync(text)];
      if (encoding === 'zlib' || encoding === 'deflate') return [deflateSync(text)];
      return [await (await createCompressor(encoding))([text])];
    },
    run: async (input) => {
      const { bytes } = await decompressor.decompress(encoding, input, maxBytes);
      if (bytes.length > maxBytes) throw new Error(`gave ${bytes.length} bytes`);
    },
    refusal: (error) => error instanceof DecompressError,
  };
}

/** Client preface, SETTINGS, then HEADERS of a call and DATA, as captured by hand. */
function http2Hello(): Buffer {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const settings = Buffer.from('000000040000000000', 'hex');
  const block = Buffer.from('83868441018a089d5c0b8170dc780f03', 'hex');
  const headers = Buffer.concat([Buffer.from([0, 0, block.length, 1, 4, 0, 0, 0, 1]), block]);
  const data = Buffer.from('0000080001000000010000000003010203', 'hex');
  const ping = Buffer.from('0000080600000000000102030405060708', 'hex');
  const window = Buffer.from('00000408000000000000010000', 'hex');
  return Buffer.concat([preface, settings, headers, data, ping, window]);
}

const http2: Target = {
  name: 'http2 server',
  seeds: () => [http2Hello()],
  run: (input) => {
    const { connection } = bench();
    for (let at = 0; at < input.length; at += 7) connection.receive(input.subarray(at, at + 7));
  },
  refusal: never,
};

function captures(): Buffer[] {
  const demo = readFileSync(join(root, 'scripts/demo/shop.pcap'));
  const conformance = process.env.WIRESTITCH_CONFORMANCE;
  if (conformance === undefined) return [demo];
  const recorded = readdirSync(join(conformance, 'pcap'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /(http|dns).*\.pcap$/.test(name))
    .map((name) => readFileSync(join(conformance, 'pcap', name)));
  return [demo, ...recorded.filter((bytes) => bytes.length < 100_000)];
}

const capture: Target = {
  name: 'capture to sessions',
  seeds: captures,
  run: (input) => {
    const parsers = Object.values(protocols).map((make) => make());
    const engine = new CaptureEngine({ protocols: parsers }, () => undefined);
    const check = new TimeCheck((packet) => engine.packet(packet));
    const reader = new CaptureReader(check.take);
    try {
      reader.push(input);
      reader.end();
    } finally {
      check.end();
      engine.finish();
    }
  },
  refusal: (error) => error instanceof CaptureFileError,
};

const yaml: Target = {
  name: 'configuration',
  seeds: () =>
    readdirSync(join(root, 'config/examples')).map((name) =>
      readFileSync(join(root, 'config/examples', name)),
    ),
  run: (input) => parseYaml(input.toString('utf8'), 'fuzz.yaml'),
  refusal: (error) => error instanceof ConfigError,
};

const transform: Target = {
  name: 'jaeger transform',
  seeds: () => json('traces').seeds(),
  run: (input) => otlpJsonTraces(input),
  refusal: isWireError,
};

const sql: Target = {
  name: 'sql lexer',
  seeds: () => [
    Buffer.from("SELECT a, 'b\\'c' FROM `t` -- x\nWHERE /* y */ f(1) = 0x1F INTO OUTFILE 'z'"),
    Buffer.from('INSERT INTO t FORMAT Values (1, $tag$ text $tag$)'),
  ],
  run: (input) => [...lex(input.toString('latin1'))],
  refusal: (error) => error instanceof Error && error.message.endsWith('is not closed'),
};

const status: Target = {
  name: 'google.rpc.Status',
  seeds: () => [encodeStatus({ code: 14, message: 'later', retryDelayMs: 1500 })],
  run: (input) => decodeStatus(input),
  refusal: never,
};

const recorded = (path: string): Buffer[] =>
  readFileSync(join(root, path))
    .toString()
    .split('\n')
    .map((line) => Buffer.from(line));

const lineMetrics = new LineMetrics();
const lines: Target = {
  name: 'line protocol',
  seeds: () =>
    ['telegraf', 'telegraf-prometheus-v1', 'telegraf-prometheus-v2']
      .flatMap((name) => recorded(`wire/influx/testdata/${name}.lp`))
      .slice(0, 200),
  run(input) {
    const request = { unitNs: 1, nowMs: 0, reserve: (bytes: number) => bytes <= maxBytes };
    const { batch } = lineMetrics.convert(input, request);
    if (batch !== undefined) toJson(parseRequest('metrics', Buffer.concat(batch.ranges())));
  },
  refusal: (error) => error instanceof LineLimit,
};

const statsdParser = new LineParser({ metricType: true, simpleTags: true });
const statsd: Target = {
  name: 'statsd line',
  seeds: () =>
    [
      'a.b:1|c|@0.1|#x:y,z:1|c:id|T1700000000',
      'g:-2.5e3|g',
      't:3|ms',
      's:ann|s',
      '_e{1,1}:a|b',
    ].map((line) => Buffer.from(line)),
  run: (input) => statsdParser.parse(input, 0, input.length),
  refusal: never,
};

const vectorLogs: Target = {
  name: "Vector's log events",
  seeds: () =>
    [
      '[{"message":"a","level":"warn","timestamp":"2024-05-23T10:26:47.038297752+08:00"}]',
      '{"message":"a","json":{"b":[1,null]},"kubernetes":{"pod_ip":"1","pod_labels":{"c":"d"}}}\n{}',
    ].map((text) => Buffer.from(text)),
  run(input) {
    const { batch } = readVectorLogs(input, 0n);
    if (batch !== undefined) toJson(parseRequest('logs', Buffer.concat(batch.ranges())));
  },
  refusal: never,
};

/** Every reader of foreign bytes, one entry each. */
export const targets: readonly Target[] = [
  ...signals.map(protobuf),
  ...signals.map(json),
  ...encodings.filter((encoding) => encoding !== 'deflate').map(compression),
  http2,
  ...grpc,
  edits,
  capture,
  yaml,
  transform,
  sql,
  status,
  lines,
  statsd,
  vectorLogs,
  ...skywalking,
  ...zipkinJaeger,
];
