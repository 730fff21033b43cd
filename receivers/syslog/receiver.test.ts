import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { toJson } from '../../pdata/json.ts';
import { fakeClock } from '../../testing/clock.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, retryable } from '../../testing/sinks.ts';
import { config } from './config.ts';
import { SyslogReceiver } from './receiver.ts';

const run = promisify(execFile);

interface Running {
  readonly receiver: SyslogReceiver;
  readonly sink: ReturnType<typeof collectingSink<'logs'>>;
  readonly settings: ReturnType<typeof testSettings>;
  /** Lets time pass until so many records came. */
  wait(items: number): Promise<Record<string, unknown>[]>;
}

async function start(t: TestContext, given: Record<string, unknown>): Promise<Running> {
  const clock = fakeClock(Date.UTC(2026, 10, 22, 10));
  const settings = testSettings({ id: 'syslog', clock });
  const sink = collectingSink<'logs'>();
  const receiver = new SyslogReceiver(settings, config.parse(given), sink);
  await receiver.start();
  t.after(() => receiver.shutdown());
  return {
    receiver,
    sink,
    settings,
    async wait(items) {
      for (let i = 0; i < 12_000 && sink.items < items; i += 1) {
        await clock.advance(100);
        await sleep(5);
      }
      return sink.batches.flatMap((batch) => flat(JSON.parse(toJson(batch)) as Json));
    },
  };
}

interface Json {
  resourceLogs: {
    scopeLogs: {
      logRecords: {
        body: { stringValue: string };
        severityText?: string;
        attributes?: { key: string; value: Record<string, unknown> }[];
      }[];
    }[];
  }[];
}

function flat(json: Json): Record<string, unknown>[] {
  const records = json.resourceLogs.flatMap((r) => r.scopeLogs.flatMap((s) => s.logRecords));
  return records.map(({ body, severityText, attributes = [] }) => ({
    body: body.stringValue,
    severity: severityText,
    ...Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
  }));
}

function send(port: number, ...pieces: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await sleep(3);
      }
      socket.end();
    });
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
}

const at = '2026-11-22T10:00:00Z';
const tcp = { listen_address: '127.0.0.1:0' };

test('messages over TCP, in pieces, the last without an end', async (t) => {
  const { receiver, wait } = await start(t, { protocol: 'rfc5424', tcp });
  await send(
    receiver.tcp!.port,
    `<34>1 ${at} h app`,
    ` p m - one\n<35>1 ${at} h app p m - `,
    'two',
  );
  const records = await wait(2);
  assert.deepEqual(
    records.map(({ message, severity }) => [message, severity]),
    [
      ['one', 'crit'],
      ['two', 'err'],
    ],
  );
});

test('messages with their length before them', async (t) => {
  const given = { protocol: 'rfc5424', enable_octet_counting: true, tcp };
  const { receiver, wait } = await start(t, given);
  const text = '<34>1 - h app p m - line\nbreak';
  const counted = `${text.length} ${text}`;
  await send(receiver.tcp!.port, counted.slice(0, 5), counted.slice(5) + counted);
  const records = await wait(2);
  assert.deepEqual(
    records.map(({ message }) => message),
    ['line\nbreak', 'line\nbreak'],
  );
});

test('a message that is not in the format is sent on as it came', async (t) => {
  const { receiver, wait, settings } = await start(t, { protocol: 'rfc3164', tcp });
  await send(receiver.tcp!.port, 'hello\n');
  const [record] = await wait(1);
  assert.deepEqual(record, { body: 'hello', severity: undefined });
  assert.match(JSON.stringify(settings.logger.lines), /Failed to process entry/);
});

test('a message that is too long ends its connection, not the others', async (t) => {
  const given = { protocol: 'rfc3164', tcp: { ...tcp, max_log_size: '64KiB' } };
  const { receiver, wait, settings } = await start(t, given);
  await send(receiver.tcp!.port, 'x'.repeat(200_000)).catch(() => {});
  await send(receiver.tcp!.port, '<34>Oct 11 22:14:15 h t: fine\n');
  const [record] = await wait(1);
  assert.equal(record!.message, 'fine');
  assert.match(JSON.stringify(settings.logger.lines), /message is too long/);
});

test('packets over UDP, with the ends as attributes', async (t) => {
  const udp = { listen_address: '127.0.0.1:0', add_attributes: true };
  const { receiver, wait } = await start(t, { protocol: 'rfc3164', udp });
  const socket = createSocket('udp4');
  t.after(() => void socket.close());
  socket.send('<34>Oct 11 22:14:15 h t: over udp\n\0', receiver.udp!.port, '127.0.0.1');
  const [record] = await wait(1);
  assert.equal(record!.message, 'over udp');
  assert.equal(record!['net.transport'], 'IP.UDP');
  assert.equal(record!['net.peer.ip'], '127.0.0.1');
  assert.equal(record!['net.host.port'], String(receiver.udp!.port));
});

test('what a slow pipeline refuses is offered again, senders wait', async (t) => {
  const given = { protocol: 'rfc5424', tcp, retry_on_failure: { enabled: true } };
  const { receiver, wait, sink } = await start(t, given);
  for (let i = 0; i < 5; i += 1) sink.failures.push(retryable());
  const lines = Array.from(
    { length: 8000 },
    (_, i) => `<34>1 - h app p m - ${i} ${'y'.repeat(800)}\n`,
  );
  const sent = send(receiver.tcp!.port, lines.join(''));
  const records = await wait(lines.length);
  await sent;
  assert.equal(records.length, lines.length);
  assert.equal(new Set(records.map(({ message }) => message)).size, lines.length);
});

test('operators come after the parser', async (t) => {
  const operators = [
    { type: 'filter', expr: 'attributes.appname == "noise"' },
    { type: 'move', from: 'attributes.message', to: 'body' },
  ];
  const { receiver, wait } = await start(t, { protocol: 'rfc5424', tcp, operators });
  await send(receiver.tcp!.port, '<34>1 - h noise p m - a\n<34>1 - h app p m - b\n');
  const records = await wait(1);
  assert.deepEqual(
    records.map(({ body }) => body),
    ['b'],
  );
});

test('logger(1) is understood', async (t) => {
  const { receiver, wait } = await start(t, {
    protocol: 'rfc5424',
    tcp,
    operators: [],
  });
  const port = String(receiver.tcp!.port);
  try {
    const options = ['--rfc5424', '--tcp', '--server', '127.0.0.1', '--port', port];
    await run('logger', [
      ...options,
      '--tag',
      'mytag',
      '--priority',
      'daemon.warning',
      'from logger',
    ]);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') {
      t.skip('no logger(1) on this machine');
      return;
    }
    throw error;
  }
  const [record] = await wait(1);
  assert.equal(record!.message, 'from logger');
  assert.equal(record!.appname, 'mytag');
  assert.equal(record!.facility_text, 'daemon');
  assert.equal(record!.severity, 'warning');
});

test('openssl s_client sends over TLS', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'syslog-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  try {
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
    ];
    const rest = ['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost'];
    await run('openssl', [...request, ...rest]);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') {
      t.skip('no openssl on this machine');
      return;
    }
    throw error;
  }
  const tls = { cert_file: cert, key_file: key };
  const { receiver, wait } = await start(t, { protocol: 'rfc5424', tcp: { ...tcp, tls } });
  const address = `127.0.0.1:${receiver.tcp!.port}`;
  const client = spawn('openssl', ['s_client', '-quiet', '-connect', address], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  t.after(() => client.kill());
  client.stdin.write('<34>1 - h app p m - secret\n');
  const [record] = await wait(1);
  assert.equal(record!.message, 'secret');
});

test('configurations that cannot work are refused by key', () => {
  const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ protocol: 'rfc3164' }, /need tcp config or udp config/],
    [{ tcp }, /missing field 'protocol'/],
    [{ protocol: 'rfc1', tcp }, /unsupported protocol version: rfc1/],
    [{ protocol: 'rfc3164', tcp: {} }, /missing required parameter 'listen_address'/],
    [{ protocol: 'rfc3164', tcp: { listen_address: 'x' } }, /failed to resolve listen_address/],
    [{ protocol: 'rfc3164', tcp: { ...tcp, max_log_size: 100 } }, /'max_log_size'/],
    [{ protocol: 'rfc3164', enable_octet_counting: true, tcp }, /only compatible with/],
    [{ protocol: 'rfc5424', enable_octet_counting: true, udp: tcp }, /not compatible with UDP/],
    [{ protocol: 'rfc5424', non_transparent_framing_trailer: 'CR', tcp }, /Must be either/],
    [{ protocol: 'rfc3164', location: 'Nowhere/X', tcp }, /failed to load location Nowhere/],
    [{ protocol: 'rfc3164', on_error: 'x', tcp }, /on_error/],
    [
      { protocol: 'rfc3164', udp: { ...tcp, multiline: { line_start_pattern: 'x' } } },
      /only one of/,
    ],
  ];
  for (const [given, message] of cases) {
    const result = config.safeParse(given);
    assert.ok(!result.success, JSON.stringify(given));
    assert.match(JSON.stringify(result.error.issues), message);
  }
});
