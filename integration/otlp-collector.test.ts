/**
 * OTLP between this program's ends and the Go collector's, in both directions, every compression.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { config as grpcConfig } from '../exporters/otlp_grpc/config.ts';
import { OtlpHttpBackend } from '../exporters/otlp_http/backend.ts';
import { config as httpConfig } from '../exporters/otlp_http/config.ts';
import { toJson } from '../pdata/json.ts';
import { OtlpGrpcBackend } from '../pipeline/otlp-grpc/backend.ts';
import { realClock, startReceiver } from '../receivers/otlp/testing.ts';
import { freePorts } from '../testing/ports.ts';
import { realTimeSettings } from '../testing/settings.ts';
import { numberedSpans, range } from '../testing/spans.ts';
import { until } from '../testing/until.ts';

const collector = join(process.env.PEERS_DIR ?? '/nonexistent', 'bin/otelcol-lite');
const grpcKinds = ['none', 'gzip', 'zstd', 'snappy'] as const;
const httpKinds = ['none', 'gzip', 'zstd', 'snappy', 'deflate', 'lz4', 'x-snappy-framed'] as const;

/** One way through the collector: into its port, out to ours with a compression. */
interface Way {
  readonly id: string;
  readonly kind: string;
  readonly protocol: 'grpc' | 'http';
  readonly port: number;
}

function collectorConfig(ways: readonly Way[], grpcPort: number, httpPort: number): string {
  const lines = ['receivers:'];
  for (const { id, protocol, port } of ways) {
    lines.push(`  otlp/${id}: {protocols: {${protocol}: {endpoint: "127.0.0.1:${port}"}}}`);
  }
  lines.push('exporters:');
  for (const { id, protocol, kind } of ways) {
    const target =
      protocol === 'grpc'
        ? `otlp/${id}: {endpoint: "127.0.0.1:${grpcPort}", tls: {insecure: true}`
        : `otlphttp/${id}: {endpoint: "http://127.0.0.1:${httpPort}"`;
    lines.push(`  ${target}, compression: ${kind}, sending_queue: {enabled: false}}`);
  }
  lines.push('service:', '  telemetry: {metrics: {level: none}}', '  pipelines:');
  for (const { id, protocol } of ways) {
    const exporter = protocol === 'grpc' ? `otlp/${id}` : `otlphttp/${id}`;
    lines.push(`    traces/${id}: {receivers: [otlp/${id}], exporters: [${exporter}]}`);
  }
  return lines.join('\n');
}

/** The collector writes some empty fields that were absent. */
function withoutEmpty(json: string): string {
  return json.replaceAll(/"parentSpanId":"",|,"status":\{\}/g, '');
}

async function listening(port: number): Promise<void> {
  const isOpen = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  await until(isOpen, `something listens on ${port}`, undefined, 50);
}

test('through the Go collector and back', async (t) => {
  if (!existsSync(collector)) {
    t.skip('PEERS_DIR has no bin/otelcol-lite');
    return;
  }
  const ours = await startReceiver();
  const ways: Way[] = [];
  for (const kind of grpcKinds) {
    ways.push({ id: `grpc_${kind}`, kind, protocol: 'grpc', port: (await freePorts(1))[0]! });
  }
  for (const kind of httpKinds) {
    ways.push({ id: `http_${kind}`, kind, protocol: 'http', port: (await freePorts(1))[0]! });
  }
  const dir = mkdtempSync(join(tmpdir(), 'otlp-collector-'));
  const file = join(dir, 'config.yaml');
  writeFileSync(file, collectorConfig(ways, ours.grpcPort, ours.httpPort));
  const child = spawn(collector, ['--config', file], { stdio: 'ignore' });
  try {
    for (const way of ways) {
      await listening(way.port);
      await t.test(`${way.protocol}, ${way.kind}`, async () => {
        ours.traces.batches.length = 0;
        const settings = realTimeSettings(realClock);
        const common = { compression: way.kind };
        const exporter =
          way.protocol === 'grpc'
            ? new OtlpGrpcBackend(
                'traces',
                settings,
                grpcConfig.parse({
                  ...common,
                  endpoint: `127.0.0.1:${way.port}`,
                  tls: { insecure: true },
                }),
              )
            : new OtlpHttpBackend(
                'traces',
                settings,
                httpConfig.parse({ ...common, endpoint: `http://127.0.0.1:${way.port}` }),
              );
        await exporter.start();
        for (const items of [1, 3000]) {
          const batch = numberedSpans(range(0, items), { service: way.id, payloadBytes: 100 });
          const deadlineMs = realClock.monotonicMs() + 120_000;
          await exporter.push(batch, { number: 1, previousUnknown: false, deadlineMs });
          const [got] = ours.traces.batches.splice(0);
          assert.ok(got !== undefined, 'the collector answered before it delivered');
          assert.equal(withoutEmpty(toJson(got)), withoutEmpty(toJson(batch)));
        }
        await exporter.shutdown();
        assert.equal(ours.settings.budget.used, 0);
      });
    }
  } finally {
    child.kill();
    await ours.receiver.shutdown();
    rmSync(dir, { recursive: true });
  }
});
