/**
 * Authentication between this program's ends and the Go collector's, in both directions: basic and
 * bearer, over gRPC and HTTP, with TLS and client certificates.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PipelineError } from '../component/errors.ts';
import type { Extension } from '../component/extension.ts';
import { config as grpcConfig } from '../exporters/otlp_grpc/config.ts';
import { OtlpHttpBackend } from '../exporters/otlp_http/backend.ts';
import { config as httpConfig } from '../exporters/otlp_http/config.ts';
import { factory as basicauth } from '../extensions/basicauth/index.ts';
import { factory as bearertokenauth } from '../extensions/bearertokenauth/index.ts';
import { OtlpGrpcBackend } from '../pipeline/otlp-grpc/backend.ts';
import { realClock, startReceiver } from '../receivers/otlp/testing.ts';
import { freePorts } from '../testing/ports.ts';
import { realTimeSettings } from '../testing/settings.ts';
import { numberedSpans, range } from '../testing/spans.ts';
import { Code } from '../wire/status/code.ts';
import { Authority } from './lib/certificates.ts';

const collector = join(process.env.PEERS_DIR ?? '/nonexistent', 'bin/otelcol-lite');
const bcrypt = '$2y$05$bWBMg3oUStnhfy5rFvoyreviPySU6hvEmBub5wIlM/D.c5FeYJQ6O'; // "bar"

/** This program's extensions: what it checks, what it sends, and what is wrong to send. */
async function extensions(): Promise<ReadonlyMap<string, Extension>> {
  const settings = realTimeSettings(realClock);
  const basic = (given: object) => basicauth.create(settings, basicauth.config.parse(given));
  const bearer = (token: string) =>
    bearertokenauth.create(settings, bearertokenauth.config.parse({ token }));
  const all = new Map<string, Extension>([
    ['basic/server', basic({ htpasswd: { inline: `there:${bcrypt}` } })],
    ['basic/client', basic({ client_auth: { username: 'here', password: 'bar' } })],
    ['basic/wrong', basic({ client_auth: { username: 'here', password: 'foo' } })],
    ['bearer/server', bearer('from-there')],
    ['bearer/client', bearer('from-here')],
    ['bearer/wrong', bearer('from-nowhere')],
  ]);
  for (const extension of all.values()) await extension.start();
  return all;
}

interface Ways {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Its ports by way. */
  readonly ports: Readonly<Record<string, number>>;
  /** Our ports by way. */
  readonly ours: Readonly<Record<string, number>>;
}

const ways = ['basic_grpc', 'basic_http', 'bearer_grpc', 'bearer_http'] as const;

function collectorConfig({ ca, cert, key, ports, ours }: Ways): string {
  const tls = `{cert_file: ${cert}, key_file: ${key}, client_ca_file: ${ca}}`;
  const client = `{cert_file: ${cert}, key_file: ${key}, ca_file: ${ca}}`;
  const lines = [
    'extensions:',
    `  basicauth/server: {htpasswd: {inline: "here:${bcrypt.replaceAll('$', '$$$$')}"}}`,
    '  basicauth/client: {client_auth: {username: there, password: bar}}',
    '  bearertokenauth/server: {token: from-here}',
    '  bearertokenauth/client: {token: from-there}',
    'receivers:',
  ];
  for (const way of ways) {
    const [kind, protocol] = way.split('_');
    const auth = `{authenticator: ${kind === 'basic' ? 'basicauth' : 'bearertokenauth'}/server}`;
    const listen = `{endpoint: "127.0.0.1:${ports[way]}", tls: ${tls}, auth: ${auth}}`;
    lines.push(`  otlp/${way}: {protocols: {${protocol}: ${listen}}}`);
  }
  lines.push('exporters:');
  for (const way of ways) {
    const [kind, protocol] = way.split('_');
    const auth = `{authenticator: ${kind === 'basic' ? 'basicauth' : 'bearertokenauth'}/client}`;
    const [type, scheme] = protocol === 'grpc' ? ['otlp', ''] : ['otlphttp', 'https://'];
    const target = `endpoint: "${scheme}127.0.0.1:${ours[way]}", tls: ${client}, auth: ${auth}`;
    lines.push(`  ${type}/${way}: {${target}, sending_queue: {enabled: false}}`);
  }
  const named = ['basicauth/server', 'basicauth/client', 'bearertokenauth/server'];
  lines.push('service:', `  extensions: [${named.join(', ')}, bearertokenauth/client]`);
  lines.push('  telemetry: {metrics: {level: none}}', '  pipelines:');
  for (const way of ways) {
    const type = way.endsWith('grpc') ? 'otlp' : 'otlphttp';
    lines.push(`    traces/${way}: {receivers: [otlp/${way}], exporters: [${type}/${way}]}`);
  }
  return lines.join('\n');
}

test('authentication with the Go collector as client and as server', async (t) => {
  if (!existsSync(collector)) {
    t.skip('PEERS_DIR has no bin/otelcol-lite');
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), 'auth-'));
  const authority = new Authority(dir);
  const { cert, key } = authority.issue('peer');
  const ca = authority.file;
  const known = await extensions();
  const server = { tls: { cert_file: cert, key_file: key, client_ca_file: ca } };
  const receivers = new Map(
    await Promise.all(
      (['basic', 'bearer'] as const).map(async (kind) => {
        const auth = { authenticator: `${kind}/server` };
        const listen = { ...server, auth };
        const running = await startReceiver({ grpc: listen, http: listen }, { extensions: known });
        return [kind, running] as const;
      }),
    ),
  );
  const free = await freePorts(ways.length);
  const ports = Object.fromEntries(ways.map((way, i) => [way, free[i]!]));
  const ours = Object.fromEntries(
    ways.map((way) => {
      const [kind, protocol] = way.split('_') as ['basic', string];
      const { grpcPort, httpPort } = receivers.get(kind)!;
      return [way, protocol === 'grpc' ? grpcPort : httpPort];
    }),
  );
  const file = join(dir, 'config.yaml');
  writeFileSync(file, collectorConfig({ ca, cert, key, ports, ours }));
  const child = spawn(collector, ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const exporter = (way: string, authenticator: string) => {
    const settings = realTimeSettings(realClock, { extensions: known });
    const tls = { ca_file: ca, cert_file: cert, key_file: key };
    const common = { tls, auth: { authenticator } };
    return way.endsWith('grpc')
      ? new OtlpGrpcBackend(
          'traces',
          settings,
          grpcConfig.parse({ ...common, endpoint: `127.0.0.1:${ports[way]}` }),
        )
      : new OtlpHttpBackend(
          'traces',
          settings,
          httpConfig.parse({ ...common, endpoint: `https://127.0.0.1:${ports[way]}` }),
        );
  };
  const push = async (way: string, authenticator: string): Promise<PipelineError | undefined> => {
    const client = exporter(way, authenticator);
    await client.start();
    try {
      const deadlineMs = realClock.monotonicMs() + 120_000;
      const about = { number: 1, previousUnknown: false, deadlineMs };
      await client.push(numberedSpans(range(0, 3), { service: way }), about);
      return undefined;
    } catch (error) {
      return error as PipelineError;
    } finally {
      await client.shutdown();
    }
  };
  try {
    while (!said.includes('Everything is ready')) {
      if (child.exitCode !== null) throw new Error(said);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const way of ways) {
      const [kind] = way.split('_') as ['basic' | 'bearer'];
      const { traces } = receivers.get(kind)!;
      await t.test(way, async () => {
        const wrong = await push(way, `${kind}/wrong`);
        assert.equal(wrong?.retryable, false, wrong?.message);
        assert.equal(wrong?.status, Code.UNAUTHENTICATED, wrong?.message);
        assert.equal(await push(way, `${kind}/client`), undefined, said.slice(-2000));
        assert.equal(traces.batches.splice(0).length, 1);
        const { auth } = traces.contexts.splice(0)[0]!.client;
        assert.equal(auth?.username, kind === 'basic' ? 'there' : undefined);
      });
    }
  } finally {
    child.kill();
    for (const { receiver } of receivers.values()) await receiver.shutdown();
    for (const extension of known.values()) await extension.shutdown();
    rmSync(dir, { recursive: true });
  }
});
