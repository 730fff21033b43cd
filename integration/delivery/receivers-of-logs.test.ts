/* The receivers `fluent_forward` and `syslog`: what senders learn, and what is counted of the rest. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Component } from '../../component/component.ts';
import { factory as fluentForward } from '../../receivers/fluent_forward/index.ts';
import { factory as syslog } from '../../receivers/syslog/index.ts';
import { realClock } from '../../testing/clock.ts';
import { judgeOf, mixes } from '../../testing/contract/judge.ts';
import { numbersFrom } from '../../testing/contract/numbered.ts';
import { freePort } from '../../testing/ports.ts';
import { seededRandom } from '../../testing/random.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { until } from '../../testing/until.ts';
import { linesSink } from './lines-sink.ts';

interface Running {
  readonly receiver: Component;
  readonly sink: ReturnType<typeof linesSink>;
  readonly settings: ReturnType<typeof realTimeSettings>;
  counted(what: string): number;
  /** Items that the receiver says are lost. */
  lost(): number;
}

async function start(
  t: TestContext,
  type: 'fluent_forward' | 'syslog',
  given: object,
): Promise<Running> {
  const settings = realTimeSettings(realClock(), { id: type });
  const sink = linesSink();
  const receiver =
    type === 'syslog'
      ? syslog.create(settings, syslog.config.parse(given), { logs: sink })
      : fluentForward.create(settings, fluentForward.config.parse(given), { logs: sink });
  t.after(() => {
    sink.release();
    return receiver.shutdown();
  });
  await receiver.start();
  const counted = (what: string) => settings.meter.value(`otelcol_receiver_${what}_log_records`);
  const dropped = () => {
    const node = settings.book.snapshot().nodes.find(({ node: name }) => name === type);
    return Object.values(node?.dropped ?? {}).reduce((sum, count) => sum + count, 0);
  };
  const lost = () => counted('refused') + counted('failed') + dropped();
  return { receiver, sink, settings, counted, lost };
}

async function open(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  t.after(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(0xd9, bytes.length), bytes]);
};

/** Forward mode in msgpack: [tag, [[time, {log: line}], ...], {chunk}?]. */
function forward(numbers: readonly number[], chunk?: string): Buffer {
  const entries = numbers.map((number) =>
    Buffer.concat([
      Buffer.of(0x92, 0xce, 0x65, 0x53, 0xf1, 0, 0x81),
      text('log'),
      text(`line ${number}`),
    ]),
  );
  const options = chunk === undefined ? [] : [Buffer.of(0x81), text('chunk'), text(chunk)];
  const head = [Buffer.of(chunk === undefined ? 0x92 : 0x93), text('tag')];
  const size = Buffer.of(0xdc, numbers.length >> 8, numbers.length & 255);
  return Buffer.concat([...head, size, ...entries, ...options]);
}

/** Sends a chunk over a connection of its own. @returns whether it was acknowledged */
async function sendChunk(t: TestContext, port: number, numbers: readonly number[]) {
  const socket = await open(t, port);
  const chunk = `chunk-${numbers[0]}`;
  const ended = new Promise<boolean>((resolve) => {
    socket.on('data', (data) => resolve(data.toString('latin1').includes(chunk)));
    socket.on('close', () => resolve(false));
  });
  socket.write(forward(numbers, chunk));
  const acknowledged = await ended;
  socket.destroy();
  return acknowledged;
}

for (const [name, mix] of Object.entries(mixes)) {
  test(`fluent_forward acknowledges what was taken, and only that: ${name}`, async (t) => {
    const port = await freePort();
    const running = await start(t, 'fluent_forward', { endpoint: `127.0.0.1:${port}` });
    const { sink, counted, receiver } = running;
    sink.judge = judgeOf(mix, seededRandom(4));
    const accepted: number[] = [];
    let refused = 0;
    for (let i = 0; i < 20; i += 1) {
      const numbers = numbersFrom(10 * i, 10);
      if (await sendChunk(t, port, numbers)) accepted.push(...numbers);
      else refused += 10;
    }
    await receiver.shutdown();
    assert.deepEqual(sink.taken, accepted);
    assert.equal(counted('accepted'), accepted.length);
    assert.equal(running.lost(), refused);
    assert.equal(running.settings.budget.used, 0);
  });

  test(`fluent_forward counts what nobody waits for: ${name}`, async (t) => {
    const port = await freePort();
    const running = await start(t, 'fluent_forward', { endpoint: `127.0.0.1:${port}` });
    const { sink, receiver } = running;
    sink.judge = judgeOf(mix, seededRandom(4));
    const socket = await open(t, port);
    for (let i = 0; i < 20; i += 1) {
      socket.write(forward(numbersFrom(10 * i, 10)));
      await sleep(1);
    }
    await until(() => sink.taken.length + running.lost() === 200, 'all of it has come');
    await receiver.shutdown();
    assert.equal(new Set(sink.taken).size, sink.taken.length);
    assert.equal(sink.taken.length + running.lost(), 200);
  });
}

test('fluent_forward: a pipeline that is slow holds senders back, and the end waits for it', async (t) => {
  const port = await freePort();
  const running = await start(t, 'fluent_forward', { endpoint: `127.0.0.1:${port}` });
  const { sink, receiver, settings } = running;
  sink.hold();
  const socket = await open(t, port);
  const message = forward(numbersFrom(0, 60_000));
  for (let i = 0; i < 12; i += 1) socket.write(message);
  await until(() => sink.calls.open > 0, 'a call comes');
  await sleep(150);
  assert.ok(settings.budget.used > 0);
  assert.ok(settings.budget.used <= 4 * 2 ** 20 + 2 * message.length, `${settings.budget.used}`);
  const stopping = receiver.shutdown();
  await sleep(20);
  sink.release();
  await stopping;
  assert.equal(settings.budget.used, 0);
});

const message = (number: number) => `<165>1 2026-11-22T10:00:00Z h a - - - line ${number}\n`;

function syslogOver(transport: 'tcp' | 'udp', port: number, more: object = {}) {
  const listen = { listen_address: `127.0.0.1:${port}` };
  return { protocol: 'rfc5424', [transport]: listen, ...more };
}

const patient = { enabled: true, initial_interval: '5ms', max_interval: '10ms' };

for (const [name, mix] of Object.entries(mixes)) {
  for (const retry_on_failure of [{ enabled: false }, patient]) {
    const how = retry_on_failure.enabled ? 'with retries' : 'without retries';
    test(`syslog over TCP counts what is refused: ${name}, ${how}`, async (t) => {
      const port = await freePort();
      const running = await start(t, 'syslog', syslogOver('tcp', port, { retry_on_failure }));
      const { sink } = running;
      sink.judge = judgeOf(mix, seededRandom(6));
      const socket = await open(t, port);
      for (let i = 0; i < 6; i += 1) {
        socket.write(
          numbersFrom(50 * i, 50)
            .map(message)
            .join(''),
        );
        await sleep(110);
      }
      await until(() => sink.taken.length + running.lost() === 300, 'all of it has come');
      await running.receiver.shutdown();
      assert.equal(new Set(sink.taken).size, sink.taken.length);
      assert.equal(sink.taken.length + running.lost(), 300);
      assert.equal(running.settings.budget.used, 0);
      if (mix.permanent === 0 && retry_on_failure.enabled) assert.equal(running.lost(), 0);
    });
  }
}

for (const verdict of ['retryable', undefined] as const) {
  test(`syslog counts what it holds when it ends: ${verdict ?? 'taken'}`, async (t) => {
    const port = await freePort();
    const config = syslogOver('tcp', port, { retry_on_failure: patient });
    const running = await start(t, 'syslog', config);
    const { sink } = running;
    sink.judge = () => verdict;
    const socket = await open(t, port);
    socket.write(numbersFrom(0, 2500).map(message).join(''));
    await until(() => sink.calls.all > 0, 'a batch comes');
    socket.write(numbersFrom(2500, 100).map(message).join(''));
    await sleep(50);
    await running.receiver.shutdown();
    assert.equal(sink.taken.length + running.lost(), 2600, `${running.lost()} are counted`);
    assert.equal(running.settings.budget.used, 0);
  });
}

test('syslog over UDP counts what a slow pipeline has no room for', async (t) => {
  const port = await freePort();
  const running = await start(t, 'syslog', syslogOver('udp', port));
  const { sink } = running;
  sink.hold();
  const socket = createSocket('udp4');
  t.after(() => void socket.close());
  let sent = 0;
  const padding = 'x'.repeat(8000);
  while (running.lost() === 0 && sent < 3000) {
    for (let i = 0; i < 20; i += 1) {
      socket.send(`${message(sent++).trim()} ${padding}`, port, '127.0.0.1');
    }
    await sleep(2);
  }
  assert.ok(running.lost() > 0, 'everything had room');
  assert.ok(running.settings.budget.used <= 6 * 2 ** 20);
  await sleep(50);
  sink.release();
  await running.receiver.shutdown();
  const arrived = sink.counts.taken;
  assert.equal(arrived + running.lost(), sent);
  assert.equal(running.settings.budget.used, 0);
});
