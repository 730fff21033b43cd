import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Consumers } from '../../component/consumer.ts';
import { config } from '../../receivers/packet/config.ts';
import { PacketReceiver } from '../../receivers/packet/receiver.ts';
import { realClock } from '../../testing/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { nullSink } from './sink.ts';

const prefix = `wsb${process.pid}`;
const [from, to] = [`${prefix}a`, `${prefix}b`];
const ROUNDS = 3;

function run(command: string, ...args: string[]): void {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`cannot run ${command} ${args.join(' ')}: ${done.stderr}`);
}

/** Two network namespaces and a link; packets are captured where they arrive. */
function build(): void {
  run('ip', 'netns', 'add', from);
  run('ip', 'netns', 'add', to);
  run('ip', 'link', 'add', 'b0', 'netns', from, 'type', 'veth', 'peer', 'name', 'b1', 'netns', to);
  run('ip', '-n', from, 'addr', 'add', '10.98.1.1/24', 'dev', 'b0');
  run('ip', '-n', to, 'addr', 'add', '10.98.1.2/24', 'dev', 'b1');
  run('ip', '-n', from, 'link', 'set', 'b0', 'up');
  run('ip', '-n', to, 'link', 'set', 'b1', 'up');
}

function compileSender(folder: string): string {
  const source = fileURLToPath(new URL('sender.c', import.meta.url));
  const program = join(folder, 'sender');
  run('cc', '-O2', '-o', program, source);
  return program;
}

async function send(
  program: string,
  flows: number,
  packets: number,
  rate: number,
): Promise<string> {
  const args = [program, '10.98.1.2', '9', String(flows), String(packets), String(rate), '18'];
  const child: ChildProcess = spawn('ip', ['netns', 'exec', from, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = text(child.stdout!);
  await once(child, 'exit');
  return output;
}

interface Round {
  readonly name: string;
  readonly flows: number;
  readonly packets: number;
  readonly rate: number;
  readonly next: Consumers;
}

async function measure(program: string, round: Round): Promise<void> {
  for (let i = 0; i < ROUNDS; i++) {
    const settings = realTimeSettings(realClock());
    const keys = config.parse({
      interfaces: ['b1'],
      network_namespaces: [to],
      filter: 'udp port 9',
      protocols: ['http', 'dns'],
    });
    const receiver = new PacketReceiver(settings, keys, round.next);
    await receiver.start();
    const before = process.cpuUsage();
    const started = performance.now();
    const sent = (await send(program, round.flows, round.packets, round.rate)).trim().split(' ');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const used = process.cpuUsage(before);
    const seconds = (performance.now() - started) / 1000;
    await receiver.shutdown();
    const cpu = (used.user + used.system) / 1e6;
    const seen = settings.meter.value('wirestitch_packet_packets');
    const drops = settings.meter.value('wirestitch_packet_ring_drops');
    const rate = Number(sent[0]) / Number(sent[1]) / 1000;
    console.log(
      `live, ${round.name}: ${(seen / cpu / 1000).toFixed(0)} k packets per CPU-s; ` +
        `${sent[0]} sent at ${rate.toFixed(0)} k/s, ${seen} seen, ${drops} dropped, ` +
        `${((cpu / seconds) * 100).toFixed(0)} % of a core`,
    );
  }
}

/** Packets per CPU second of this process, from an interface; the kernel's copy is the sender's. */
export async function live(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-bench-'));
  try {
    const program = compileSender(folder);
    build();
    const all = { logs: nullSink<'logs'>(), metrics: nullSink<'metrics'>() };
    const flows = 1000;
    await measure(program, { name: 'flow table', flows, packets: 1e6, rate: 3e5, next: {} });
    await measure(program, { name: 'records', flows, packets: 1e6, rate: 3e5, next: all });
  } finally {
    spawnSync('ip', ['netns', 'del', from]);
    spawnSync('ip', ['netns', 'del', to]);
    rmSync(folder, { recursive: true, force: true });
  }
}
