// A syslog receiver is replaced again and again while senders write to it over TCP and UDP: none is
// refused, and every message arrives once.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../testing/ports.ts';
import { until } from '../testing/until.ts';
import { OtlpSink } from './drop-in/lib/sink.ts';
import { Program, scratch } from './lib/program.ts';

const reloads = 8;

function configuration(port: number, sink: string, version: number): string {
  const at = `listen_address: "127.0.0.1:${port}"`;
  return `
receivers:
  syslog:
    protocol: rfc3164
    tcp: {${at}, max_log_size: ${100_000 + version}}
    udp: {${at}}
exporters: {otlp_http: {endpoint: "${sink}", compression: none}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [syslog], exporters: [otlp_http]}}
`;
}

const line = (name: string): string => `<34>Oct 11 22:14:15 host app: <${name}>\n`;

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Senders until they are told to stop; each message has a name of its own. */
class Senders {
  readonly sent: string[] = [];
  readonly faults: string[] = [];
  #going = true;

  /** @param pause after each message of a way */
  async run(
    ways: readonly ((name: string) => Promise<void>)[],
    pause: (way: number) => Promise<unknown>,
  ): Promise<void> {
    await Promise.all(
      ways.map(async (send, way) => {
        for (let i = 0; this.#going; i += 1) {
          const name = `${way}-${i}`;
          try {
            await send(name);
            this.sent.push(name);
          } catch (error) {
            this.faults.push(`${name}: ${String(error)}`);
          }
          await pause(way);
        }
      }),
    );
  }

  stop(): void {
    this.#going = false;
  }
}

/** One connection for all messages; a new one once the receiver has said that it ends. */
function keptConnection(port: number, senders: Senders) {
  let open: Socket | undefined;
  const send = async (name: string): Promise<void> => {
    if (open === undefined) {
      const socket = await dial(port);
      open = socket;
      socket.on('error', (error) => senders.faults.push(String(error)));
      socket.on('end', () => {
        open = undefined;
      });
      socket.resume();
    }
    open.write(line(name));
  };
  return { send, close: () => void open?.end() };
}

async function onceConnected(port: number, name: string): Promise<void> {
  const socket = await dial(port);
  socket.end(line(name));
  socket.resume();
  await once(socket, 'close');
}

function arrived(sink: OtlpSink): string[] {
  const text = JSON.stringify(sink.received.logs);
  return Array.from(text.matchAll(/"message","value":\{"stringValue":"<([\d-]+)>"/g), (m) => m[1]!);
}

test('senders of syslog do not notice a reload', async (t) => {
  const folder = scratch();
  t.after(() => folder.remove());
  const sink = new OtlpSink();
  const url = await sink.start();
  t.after(() => sink.stop());
  const port = await freePort();
  const file = join(folder.path, 'config.yaml');
  writeFileSync(file, configuration(port, url, 0));
  const program = await Program.start(['--config', file]);
  t.after(() => program.stop());
  const udp = createSocket('udp4');
  t.after(() => udp.close());
  const senders = new Senders();
  const kept = keptConnection(port, senders);
  let datagrams = 0;
  const ways = [
    kept.send,
    (name: string) => onceConnected(port, name),
    async (name: string) => {
      udp.send(line(name), port, '127.0.0.1');
      datagrams += 1;
    },
  ];
  const there = (): number => arrived(sink).filter((name) => name.startsWith('2-')).length;
  // Datagrams that the system has no room for are lost: a hundred may be under way.
  const pause = (way: number): Promise<unknown> =>
    way === 2 && datagrams % 100 === 0
      ? until(() => there() >= datagrams, 'the datagrams', undefined, 20)
      : sleep(1);
  const sending = senders.run(ways, pause);
  for (let version = 1; version <= reloads; version += 1) {
    const before = senders.sent.length;
    while (senders.sent.length < before + 60 && program.running) await sleep(5);
    writeFileSync(file, configuration(port, url, version));
    program.kill('SIGHUP');
    while (program.log.split('Config updated').length - 1 < version && program.running) {
      await sleep(5);
    }
  }
  senders.stop();
  await sending;
  kept.close();
  const all = (): boolean => arrived(sink).length >= senders.sent.length;
  await until(all, 'every message', undefined, 20).catch(() => {}); // said below, by name
  await program.stop();
  assert.deepEqual(senders.faults, []);
  assert.doesNotMatch(program.log, /cannot listen|EADDRINUSE/);
  assert.deepEqual(arrived(sink).sort(), senders.sent.sort());
});
