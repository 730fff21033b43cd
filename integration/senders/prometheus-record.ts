/**
 * Records what the Go collector's exporters prometheus_remote_write and prometheus make of the
 * metrics in their testdata folders, for the tests beside them.
 *
 *   node integration/senders/prometheus-record.ts
 *
 * PEERS_DIR/bin/otelcol-dropin has to have both exporters.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { uncompressSync } from 'snappy';
import { freePorts } from '../../testing/ports.ts';
import { canonicalRequests } from '../../wire/prometheus/testing/canonical.ts';
import { findPeer } from '../drop-in/lib/peer.ts';

const root = join(import.meta.dirname, '../..');
const gates = 'exporter.prometheusremotewritexporter.enableSendingRW2';

type Cases = Readonly<Record<string, object>>;

interface Peer {
  /** Posts metrics as OTLP/JSON. */
  send(body: string): Promise<void>;
  stop(): Promise<void>;
}

async function startPeer(exporter: string, keys: object): Promise<Peer> {
  const peer = findPeer();
  if (peer === undefined) throw new Error('cannot record: PEERS_DIR holds no Go collector');
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-record-'));
  const [port] = await freePorts(1);
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: { [exporter]: keys },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { metrics: { receivers: ['otlp'], exporters: [exporter] } },
    },
  };
  const file = join(folder, 'config.yaml');
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(peer, ['--config', file, `--feature-gates=${gates}`], { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    async send(body) {
      const url = `http://127.0.0.1:${port}/v1/metrics`;
      const headers = { 'content-type': 'application/json' };
      for (let tries = 0; ; tries += 1) {
        try {
          const answer = await fetch(url, { method: 'POST', headers, body });
          if (!answer.ok) throw new Error(await answer.text());
          return;
        } catch (error) {
          if (tries > 100) throw error;
          await sleep(50);
        }
      }
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function readJson(folder: string, name: string): string {
  return readFileSync(join(root, folder, 'testdata', name), 'utf8');
}

async function recordRemoteWrite(): Promise<void> {
  const folder = 'exporters/prometheus_remote_write';
  const out: Record<string, unknown> = {};
  for (const [name, keys] of Object.entries(JSON.parse(readJson(folder, 'cases.json')) as Cases)) {
    const bodies: { readonly type: string; readonly body: Buffer }[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const type = request.headers['content-type'] ?? '';
        bodies.push({ type, body: uncompressSync(Buffer.concat(chunks)) as Buffer });
        response.writeHead(204).end();
      });
    }).listen(0, '127.0.0.1');
    await sleep(50);
    const { port } = server.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}/api/v1/write`;
    const peer = await startPeer('prometheus_remote_write', { endpoint, ...keys });
    await peer.send(readJson(folder, 'metrics.json'));
    await sleep(500);
    await peer.stop();
    server.close();
    out[name] = canonicalRequests(bodies);
  }
  writeFileSync(join(root, folder, 'testdata/expected.json'), `${JSON.stringify(out, null, 1)}\n`);
}

async function recordPrometheus(): Promise<void> {
  const folder = 'exporters/prometheus';
  const out: Record<string, unknown> = {};
  const cases = JSON.parse(readJson(folder, 'cases.json')) as Readonly<
    Record<string, { readonly config: object; readonly accept?: string; readonly inputs: string[] }>
  >;
  for (const [name, { config, accept = '', inputs }] of Object.entries(cases)) {
    const [port] = await freePorts(1);
    const peer = await startPeer('prometheus', { endpoint: `127.0.0.1:${port}`, ...config });
    for (const input of inputs) await peer.send(readJson(folder, input));
    await sleep(300);
    const headers = accept === '' ? {} : { accept };
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers });
    const type = answer.headers.get('content-type');
    const bytes = Buffer.from(await answer.arrayBuffer());
    const body = /protobuf/.test(type ?? '') ? bytes.toString('base64') : bytes.toString();
    out[name] = { type, body: body.includes('\n') ? body.split('\n') : body };
    await peer.stop();
  }
  writeFileSync(join(root, folder, 'testdata/expected.json'), `${JSON.stringify(out, null, 1)}\n`);
}

const [only] = process.argv.slice(2);
if (only !== 'prometheus') await recordRemoteWrite();
if (only !== 'prometheus_remote_write') await recordPrometheus();
