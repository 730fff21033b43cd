// Signals as they reach the program behind its launcher: a terminal and systemd send them to every
// process of a group, and npm and the launcher pass them on besides.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { freePort } from '../../testing/ports.ts';

const root = join(import.meta.dirname, '../..');
const requests = 6;

/** A backend that takes its time; it remembers the names of spans. */
async function slowBackend() {
  const names = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      for (const { scopeSpans } of body.resourceSpans) {
        for (const { spans } of scopeSpans) for (const { name } of spans) names.add(name);
      }
      setTimeout(() => response.setHeader('content-type', 'application/json').end('{}'), 200);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { names, port, close };
}

const config = (http: number, backend: number) => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}}
exporters:
  otlp_http:
    endpoint: "http://127.0.0.1:${backend}"
    encoding: json
    compression: none
    sending_queue: {num_consumers: 1}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}
`;

async function post(http: number, name: string): Promise<void> {
  const span = {
    traceId: '0102030405060708090a0b0c0d0e0f10',
    spanId: '0102030405060708',
    ...{ name, startTimeUnixNano: '1', endTimeUnixNano: '2' },
  };
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${http}/v1/traces`, {
    method: 'POST',
    body,
    headers,
  });
  assert.equal(answer.status, 200, await answer.text());
}

interface Launched {
  readonly child: ChildProcess;
  readonly log: () => string;
  until(text: string): Promise<void>;
}

function launch(command: string, args: readonly string[], cwd: string): Launched {
  // A group of its own, as a terminal's foreground job or a unit of systemd is.
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(command, args, { cwd, stdio: [...stdio], detached: true });
  let log = '';
  const keep = (chunk: Buffer) => {
    log += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const until = async (text: string) => {
    while (!log.includes(text)) {
      assert.equal(child.exitCode, null, log);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, log: () => log, until };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // all of it ended
  }
}

/** Sends to a queue in memory, ends the whole group by `signal`, and counts what was delivered. */
async function deliversAll(command: string, args: readonly string[], signal: NodeJS.Signals) {
  const dir = await mkdtemp(join(tmpdir(), 'launched-'));
  const backend = await slowBackend();
  const http = await freePort();
  const file = join(dir, 'config.yaml');
  await writeFile(file, config(http, backend.port));
  const scripts = { start: `node ${join(root, 'bin/wirestitch')} --config ${file}` };
  await writeFile(join(dir, 'package.json'), JSON.stringify({ scripts }));
  const program = launch(command, [...args, '--config', file], dir);
  try {
    await program.until('Everything is ready');
    const sent = Array.from({ length: requests }, (_, i) => `span ${i}`);
    for (const name of sent) await post(http, name);
    const closed = once(program.child, 'close');
    process.kill(-program.child.pid!, signal);
    await closed;
    assert.deepEqual([...backend.names].toSorted(), sent.toSorted(), program.log());
    assert.match(program.log(), /Shutdown complete/);
    return program.child.exitCode;
  } finally {
    killGroup(program.child.pid!);
    backend.close();
    await rm(dir, { recursive: true });
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} to the launcher's group: what was accepted is delivered`, async () => {
    const code = await deliversAll(process.execPath, [join(root, 'bin/wirestitch')], signal);
    assert.equal(code, 0);
  });
}

test('Ctrl-C at npm start: what was accepted is delivered', async (t) => {
  if (spawnSync('npm', ['--version']).status !== 0) return t.skip('no npm');
  await deliversAll('npm', ['start', '--'], 'SIGINT');
});

/** Runs a command in a terminal of its own; prints its id, and closes the terminal once it is ready. */
const terminal = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
said = b''
while b'Everything is ready' not in said: said += os.read(terminal, 65536)
os.close(terminal)
print(f'closed, launcher {pid} ', flush=True)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

test('a closed terminal ends nothing: SIGHUP means reload', async (t) => {
  if (spawnSync('python3', ['--version']).status !== 0) return t.skip('no python3');
  const dir = await mkdtemp(join(tmpdir(), 'launched-'));
  const backend = await slowBackend();
  const http = await freePort();
  const file = join(dir, 'config.yaml');
  await writeFile(file, config(http, backend.port));
  const command = [process.execPath, join(root, 'bin/wirestitch'), '--config', file];
  const program = launch('python3', ['-c', terminal, ...command], dir);
  let launcher = 0;
  try {
    await program.until('closed, launcher');
    launcher = Number(/launcher (\d+) /.exec(program.log())?.[1]);
    await post(http, 'after the terminal');
    const closed = once(program.child, 'close');
    process.kill(launcher, 'SIGTERM');
    await closed;
    assert.equal(program.child.exitCode, 0, program.log());
    assert.deepEqual([...backend.names], ['after the terminal']);
  } finally {
    if (launcher > 0) killGroup(launcher);
    killGroup(program.child.pid!);
    backend.close();
    await rm(dir, { recursive: true });
  }
});
