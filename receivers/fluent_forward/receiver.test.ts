import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { toJson } from '../../pdata/json.ts';
import { freePort } from '../../testing/ports.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, retryable } from '../../testing/sinks.ts';
import { until } from '../../testing/until.ts';
import { config } from './config.ts';
import { readEvent } from './event.ts';
import { MsgpackError, MsgpackReader, ValueEnd } from './msgpack.ts';
import { FluentForwardReceiver } from './receiver.ts';

/** What fluent-logger for Python and python-msgpack wrote. */
const samples = {
  logger:
    '93aa6170702e666f6c6c6f77ce6553f10088a466726f6da57573657241a2746fa57573657242a16e05a166cb3ff8000000000000a26f6bc3a46e6f6e65c0a46c6973749201a161a16d81a16ba17693a76170702e6d7367ce6553f10182a76d657373616765a568656c6c6fa36e6567f9',
  nano: '93a174d7006553f100075bcd1581a36c6f67a178',
  forward:
    '93a1749292ce6553f10081a76d657373616765a16192d7006553f100075bcd1582a36c6f67a162a16bc40362696e81a56368756e6ba859326831626d733d',
  packed:
    '93a174c44492ce6553f10081a76d657373616765a2703192d7006553f100075bcd1583a76d657373616765a27032a3626967cfffffffffffffffffa46465657081a161920181a162c082a56368756e6ba46347733da473697a6502',
  text: '92a174a7920181a161a162',
  zipped:
    '93a174c44a1f8b08000000000002039b742e35f82343e3f2dcd4e2e2c4f4d445058693ae338084d8a3cf8a3623848d162765a69fff0f054b5252530b1a17264e626c5c987400008720bc084400000082a56368756e6ba45a336f3daa636f6d70726573736564a4677a6970',
} as const;
const bytes = (name: keyof typeof samples) => Buffer.from(samples[name], 'hex');

async function start(t: TestContext, endpoint = '127.0.0.1:0') {
  const settings = testSettings({ id: 'fluent_forward' });
  const sink = collectingSink<'logs'>();
  const receiver = new FluentForwardReceiver(settings, config.parse({ endpoint }), sink);
  await receiver.start();
  t.after(() => receiver.shutdown());
  return { receiver, sink, settings };
}

function open(t: TestContext, where: { port: number } | { path: string }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const options = 'port' in where ? { ...where, host: '127.0.0.1' } : where;
    const socket = connect(options, () => resolve(socket));
    socket.on('error', reject);
    t.after(() => void socket.destroy());
  });
}

interface Json {
  resourceLogs: {
    scopeLogs: {
      logRecords: {
        timeUnixNano?: string;
        body?: Record<string, unknown>;
        attributes: { key: string; value: Record<string, unknown> }[];
      }[];
    }[];
  }[];
}

function records(sink: ReturnType<typeof collectingSink<'logs'>>) {
  return sink.batches.flatMap((batch) =>
    (JSON.parse(toJson(batch)) as Json).resourceLogs.flatMap((r) =>
      r.scopeLogs.flatMap((s) =>
        s.logRecords.map(({ timeUnixNano, body, attributes }) => ({
          time: timeUnixNano,
          body: body && Object.values(body)[0],
          attributes: Object.fromEntries(
            attributes.map(({ key, value }) => [key, Object.values(value)[0] ?? null]),
          ),
        })),
      ),
    ),
  );
}

test('single messages of a Python logger', async (t) => {
  const { receiver, sink, settings } = await start(t);
  const socket = await open(t, { port: receiver.port });
  const data = bytes('logger');
  for (const byte of data) socket.write(Buffer.of(byte)); // in the smallest pieces
  await until(() => sink.items === 2);
  const [first, second] = records(sink);
  assert.equal(first!.time, '1700000000000000000');
  assert.equal(first!.body, undefined);
  assert.deepEqual(first!.attributes, {
    'fluent.tag': 'app.follow',
    from: 'userA',
    to: 'userB',
    n: '5',
    f: 1.5,
    ok: true,
    none: null,
    list: { values: [{ intValue: '1' }, { stringValue: 'a' }] },
    m: { values: [{ key: 'k', value: { stringValue: 'v' } }] },
  });
  assert.equal(second!.body, 'hello');
  assert.deepEqual(second!.attributes, { 'fluent.tag': 'app.msg', neg: '-7' });
  assert.equal(settings.meter.value('otelcol_fluent_events_parsed'), 2);
  assert.equal(settings.meter.value('otelcol_fluent_records_generated'), 2);
  assert.equal(settings.meter.value('otelcol_fluent_opened_connections'), 1);
});

test('all kinds of messages; chunks are acknowledged', async (t) => {
  const { receiver, sink } = await start(t);
  const socket = await open(t, { port: receiver.port });
  const acks: Buffer[] = [];
  socket.on('data', (piece) => acks.push(piece as Buffer));
  for (const name of ['nano', 'forward', 'packed', 'text', 'zipped'] as const) {
    socket.write(bytes(name));
  }
  await until(() => sink.items === 8 && Buffer.concat(acks).length >= 3 * 8);
  const got = records(sink);
  assert.deepEqual(
    got.map(({ body }) => body),
    ['x', 'a', 'b', 'p1', 'p2', undefined, 'p1', 'p2'],
  );
  assert.equal(got[0]!.time, '1700000000123456789');
  assert.equal(got[2]!.attributes.k, 'bin');
  assert.equal(got[4]!.attributes.big, '18446744073709551615');
  const answers = new MsgpackReader(Buffer.concat(acks));
  const chunks: unknown[] = [];
  while (!answers.done) chunks.push((answers.value() as Map<string, unknown>).get('ack'));
  assert.deepEqual(chunks, ['Y2h1bms=', 'cGs=', 'Z3o=']);
});

test('a refused chunk is not acknowledged, and its connection ends', async (t) => {
  const { receiver, sink, settings } = await start(t);
  sink.failures.push(retryable());
  const socket = await open(t, { port: receiver.port });
  let answered = false;
  socket.on('data', () => {
    answered = true;
  });
  const closed = new Promise<void>((resolve) => void socket.on('close', () => resolve()));
  socket.write(bytes('forward'));
  await closed;
  assert.ok(!answered);
  assert.equal(settings.meter.value('otelcol_receiver_refused_log_records'), 2);
  assert.equal(settings.budget.used, 0);
});

test('what is no message ends its connection and is counted', async (t) => {
  const { receiver, settings } = await start(t);
  for (const bad of [
    'c1',
    '93a174c0c0',
    '9100',
    '93a174008100c0',
    '93a174d701aaaaaaaaaaaaaaaa80',
  ]) {
    const socket = await open(t, { port: receiver.port });
    const closed = new Promise<void>((resolve) => void socket.on('close', () => resolve()));
    socket.write(Buffer.from(bad, 'hex'));
    await closed;
  }
  assert.equal(settings.meter.value('otelcol_fluent_parse_failures'), 5);
  assert.equal(settings.meter.value('otelcol_fluent_closed_connections'), 5);
});

test('a length without its bytes takes no memory', async (t) => {
  const { receiver, settings } = await start(t);
  const socket = await open(t, { port: receiver.port });
  const closed = new Promise<void>((resolve) => void socket.on('close', () => resolve()));
  socket.write(Buffer.from('92a174c6ffffffff', 'hex'));
  await closed;
  assert.match(JSON.stringify(settings.logger.lines), /more than 67108864 bytes/);
});

test('a Unix socket, and heartbeats over UDP', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'fluent-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'socket');
  const { sink } = await start(t, `unix://${path}`);
  const socket = await open(t, { path });
  socket.write(bytes('nano'));
  await until(() => sink.items === 1);

  const { receiver } = await start(t);
  const udp = createSocket('udp4');
  t.after(() => void udp.close());
  const answer = new Promise<Buffer>((resolve) => void udp.on('message', resolve));
  udp.send(Buffer.of(0), receiver.port, '127.0.0.1');
  assert.deepEqual(await answer, Buffer.of(0));
});

test('another receiver takes the address over, open connections go on', async (t) => {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const first = await start(t, endpoint);
  const { port } = first.receiver;
  const kept = await open(t, { port });
  await until(() => first.settings.meter.value('otelcol_fluent_opened_connections') === 1);
  const settings = testSettings({ id: 'fluent_forward' });
  Object.assign(settings.host, { listeners: first.settings.host.listeners });
  const sink = collectingSink<'logs'>();
  const second = new FluentForwardReceiver(settings, config.parse({ endpoint }), sink);
  await second.start();
  t.after(() => second.shutdown());
  const ended = first.receiver.shutdown();
  kept.write(bytes('forward'));
  await once(kept, 'data');
  assert.equal(first.sink.items, 2);
  const fresh = await open(t, { port });
  fresh.write(bytes('nano'));
  await until(() => sink.items === 1);
  kept.end();
  await ended;
  assert.equal(first.sink.items, 2);
});

test('any bytes are a message or a fault, and ends are found where readers stop', () => {
  const seeds = Object.keys(samples).map((name) => bytes(name as keyof typeof samples));
  const damaged = fc
    .tuple(fc.constantFrom(...seeds), fc.nat(100), fc.nat(255), fc.nat(100))
    .map(([seed, at, byte, cut]) => {
      const copy = Buffer.from(seed);
      copy[at % copy.length] = byte;
      return copy.subarray(0, copy.length - (cut % 4));
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 60 })), (given) => {
      const data = Buffer.from(given);
      try {
        const whole = new ValueEnd().find(data);
        const steps = new ValueEnd();
        let stepwise = -1;
        for (let n = 1; n <= data.length && stepwise < 0; n += 1) {
          stepwise = steps.find(data.subarray(0, n));
        }
        assert.equal(stepwise, whole);
        if (whole < 0) return;
        const reader = new MsgpackReader(data);
        reader.value();
        assert.equal(reader.at, whole);
        readEvent(data.subarray(0, whole), 2 ** 20);
      } catch (error) {
        assert.ok(error instanceof MsgpackError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
