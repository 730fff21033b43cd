import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import { until } from '../../testing/until.ts';

/** Where the peer is, or undefined: then name the skip. */
export function jaegerBinary(): string | undefined {
  const path = join(process.env.PEERS_DIR ?? '/nonexistent', 'bin/jaeger');
  return existsSync(path) ? path : undefined;
}

export interface JaegerPeer {
  readonly query: string;
  readonly otlpHttp: string;
  stop(): Promise<void>;
}

/** A real Jaeger with memory storage. */
export async function startJaeger(binary: string, folder: string): Promise<JaegerPeer> {
  const [query = 0, grpc = 0, otlp = 0] = await freePorts(3);
  const config = join(folder, 'jaeger.yaml');
  writeFileSync(
    config,
    `service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {receivers: [otlp], processors: [], exporters: [jaeger_storage_exporter]}
  telemetry: {metrics: {level: none}, logs: {level: error}}
extensions:
  jaeger_query:
    storage: {traces: mem}
    http: {endpoint: "127.0.0.1:${query}"}
    grpc: {endpoint: "127.0.0.1:${grpc}"}
  jaeger_storage: {backends: {mem: {memory: {max_traces: 100000}}}}
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlp}"}}}
exporters:
  jaeger_storage_exporter: {trace_storage: mem}
`,
  );
  const child: ChildProcess = spawn(binary, ['--config', config], { stdio: 'ignore' });
  const base = `http://127.0.0.1:${query}`;
  const isUp = async (): Promise<boolean> =>
    child.exitCode !== null || (await fetch(`${base}/api/services`)).ok;
  await until(isUp, 'Jaeger answers', undefined, 50);
  if (child.exitCode !== null) throw new Error('cannot start Jaeger');
  return {
    query: base,
    otlpHttp: `http://127.0.0.1:${otlp}`,
    stop: () => stopProcess(child),
  };
}
