/** Unmodified SDKs send, both Jaeger APIs give back the same spans. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePorts } from '../testing/ports.ts';
import { type AllInOne, startAllInOne } from './lib/all-in-one.ts';
import { follow, output } from './lib/follow.ts';
import { Program, scratch } from './lib/program.ts';

const root = join(import.meta.dirname, '..');
const python = join(root, '.cache/python/bin/python');

async function start(t: TestContext): Promise<AllInOne> {
  const folder = scratch();
  t.after(() => folder.remove());
  const program = await startAllInOne(folder.path);
  t.after(() => program.stop());
  return program;
}

test('spans of the Node SDK come back equal', { timeout: 300_000 }, async (t) => {
  const program = await start(t);
  const app = join(root, 'integration/apps/app.ts');
  const grpc = `http://${program.otlpGrpc}`;
  for (const compression of ['none', 'gzip']) {
    for (const protocol of ['grpc', 'proto', 'json']) {
      await t.test(`${protocol}, ${compression}`, async () => {
        const endpoint = protocol === 'grpc' ? grpc : program.otlpHttp;
        const env = { OTEL_EXPORTER_OTLP_COMPRESSION: compression };
        const sent = await output(process.execPath, [app, protocol, endpoint], env);
        await follow(program.jaeger, sent);
      });
    }
  }
  assert.deepEqual(await program.program.unbalanced(), []);
});

test('spans of the Python SDK come back equal', { timeout: 300_000 }, async (t) => {
  if (!existsSync(python)) return t.skip('the Python SDK is not installed (.cache/python)');
  const program = await start(t);
  const app = join(root, 'integration/apps/app.py');
  await t.test('gRPC', async () => {
    await follow(program.jaeger, await output(python, [app, 'grpc', program.otlpGrpc]));
  });
  await t.test('HTTP, protobuf', async () => {
    await follow(program.jaeger, await output(python, [app, 'http', program.otlpHttp]));
  });
  assert.deepEqual(await program.program.unbalanced(), []);
});

const hop = (http: number, exporter: string): string => `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}
exporters:
  ${exporter}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [${exporter.split(':')[0]}]}
`;

test('spans come back equal through a second gateway', { timeout: 300_000 }, async (t) => {
  const program = await start(t);
  const app = join(root, 'integration/apps/app.ts');
  const folder = scratch();
  t.after(() => folder.remove());
  const exporters = [
    `otlp_grpc: {endpoint: "${program.otlpGrpc}", tls: {insecure: true}, compression: zstd}`,
    `otlp_grpc: {endpoint: "${program.otlpGrpc}", tls: {insecure: true}, compression: none}`,
    `otlp_http: {endpoint: "${program.otlpHttp}"}`,
    `otlp_http: {endpoint: "${program.otlpHttp}", encoding: json, compression: none}`,
  ];
  for (const exporter of exporters) {
    await t.test(exporter.replaceAll(/\d{5}/g, 'PORT'), async () => {
      const [port = 0] = await freePorts(1);
      const first = await Program.startWith(hop(port, exporter), folder.path);
      try {
        const base = `http://127.0.0.1:${port}`;
        await follow(program.jaeger, await output(process.execPath, [app, 'proto', base]));
      } finally {
        await first.stop();
      }
    });
  }
  assert.deepEqual(await program.program.unbalanced(), []);
});
