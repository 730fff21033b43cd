import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { freePort } from '../../testing/ports.ts';
import type { ServerCall } from '../../wire/grpc/server-call.ts';
import { realTime, startServer, testPath } from '../../wire/grpc/testing.ts';
import { Code } from '../../wire/status/code.ts';
import { type Channel, type ChannelOptions, createChannel } from './channel.ts';
import { openTunnel } from './tunnel.ts';

const clock = { ...realTime, unixMs: () => Date.now() };
const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

function channel(given: Partial<ChannelOptions> & Pick<ChannelOptions, 'target'>): Channel {
  const made = createChannel({
    path: testPath,
    authority: 'test',
    userAgent: 'test',
    headers: [],
    timeoutMs: 0,
    time: clock,
    random: () => 0.5,
    maxCalls: 100,
    balance: true,
    lookup: async () => assert.fail('nothing is looked up'),
    ...given,
  });
  closers.push(() => made.close());
  return made;
}

const call = (through: Channel, ms = 5000) => through.call([], false, clock.monotonicMs() + ms);
const body = (text: string) => (one: ServerCall) => one.ok(Buffer.from(text));

/** Servers that answer their number, all on one port of different loopback addresses. */
async function servers(count: number) {
  const first = await startServer(body('1'));
  const all = [{ ...first, address: '127.0.0.1' }];
  for (let i = 2; i <= count; i += 1) {
    const address = `127.0.0.${i}`;
    // The socket that listens is not the test server's own: its address is fixed to 127.0.0.1.
    const next = await startServer(body(String(i)));
    const relay = net.createServer((socket) => {
      const inner = net.connect(next.port, '127.0.0.1');
      socket.pipe(inner).pipe(socket);
      for (const end of [socket, inner]) end.on('error', () => socket.destroy());
      socket.on('close', () => inner.destroy());
    });
    relay.listen(first.port, address);
    await once(relay, 'listening');
    closers.push(() => relay.close());
    all.push({ ...next, address });
  }
  for (const { server } of all) closers.push(() => server.close(0));
  return { port: first.port, all };
}

test('calls go to all addresses of a host in turn', async () => {
  const { port, all } = await servers(3);
  let lookups = 0;
  const lookup = async (host: string) => {
    lookups += 1;
    assert.equal(host, 'somewhere');
    return all.map(({ address }) => address);
  };
  const balanced = channel({ target: { host: 'somewhere', port }, lookup });
  for (let i = 0; i < 20; i += 1) await call(balanced);
  const answers = new Map<string, number>();
  for (let i = 0; i < 30; i += 1) {
    const answer = (await call(balanced)).toString();
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  assert.deepEqual([...answers].sort(), [
    ['1', 10],
    ['2', 10],
    ['3', 10],
  ]);
  assert.equal(lookups, 1);
  await all[1]!.server.close(0);
  const rest = new Set<string>();
  for (let i = 0; i < 20; i += 1) {
    const answer = await call(balanced).catch((error: { code: number }) => String(error.code));
    rest.add(String(answer));
  }
  assert.ok(rest.has('1') && rest.has('3'), [...rest].join());
  const last = new Set<string>();
  for (let i = 0; i < 10; i += 1) last.add((await call(balanced)).toString());
  assert.deepEqual([...last].sort(), ['1', '3'], 'one that is gone gets no calls');
});

test('a host that is not found, or not yet', async () => {
  const { port } = await servers(1);
  let found: readonly string[] = [];
  let failing = true;
  const lookup = async () => {
    if (failing) throw new Error('ENOTFOUND');
    return found;
  };
  const target = { host: 'name.invalid', port };
  await assert.rejects(call(channel({ target, lookup })), { code: Code.UNAVAILABLE });
  failing = false;
  found = ['127.0.0.1'];
  assert.equal((await call(channel({ target, lookup }))).toString(), '1');
});

test('an address that does not answer keeps no call', async () => {
  const { port } = await servers(1);
  const lookup = async () => ['127.0.0.9', '127.0.0.1', '127.0.0.8'];
  const balanced = channel({ target: { host: 'somewhere', port }, lookup });
  const answers = await Promise.all(Array.from({ length: 10 }, () => call(balanced)));
  assert.deepEqual(new Set(answers.map(String)), new Set(['1']));
  const gone = channel({ target: { host: 'x', port: 1 }, lookup: async () => ['127.0.0.1'] });
  await assert.rejects(call(gone), { code: Code.UNAVAILABLE });
  await assert.rejects(call(gone), { code: Code.UNAVAILABLE });
  const closed = channel({ target: { host: 'x', port }, lookup: async () => ['127.0.0.1'] });
  const waiting = call(closed);
  closed.close();
  await assert.rejects(waiting, { code: Code.CANCELLED });
});

test('addresses and pick_first need no look-up', async () => {
  const { port } = await servers(1);
  const plain = channel({ target: { host: '127.0.0.1', port } });
  assert.equal((await call(plain)).toString(), '1');
  const first = channel({ target: { host: 'localhost', port }, balance: false });
  assert.equal((await call(first)).toString(), '1');
});

test('calls wait for a connection where they are told to', async () => {
  const port = await freePort();
  const target = { host: '127.0.0.1', port };
  await assert.rejects(call(channel({ target })), { code: Code.UNAVAILABLE });
  const patient = channel({ target, waitForReady: true });
  await assert.rejects(call(patient, 50), { code: Code.DEADLINE_EXCEEDED });
  const waiting = call(patient, 20_000);
  const { server } = await startServer(body('here'), {
    attach: async (inner, _address, _options, failed) => {
      inner.on('error', failed);
      inner.listen(port, '127.0.0.1');
      await once(inner, 'listening');
      return { address: target as unknown as AddressInfo, detach: () => inner.close() };
    },
  });
  closers.push(() => server.close(0));
  assert.equal((await waiting).toString(), 'here');
});

test('through a proxy', async () => {
  const { port } = await servers(1);
  const asked: IncomingMessage[] = [];
  let status = 200;
  const proxy = createServer().on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(request);
    socket.write(`HTTP/1.1 ${status} x\r\n\r\n`);
    if (status !== 200) {
      socket.end();
      return;
    }
    const through = net.connect(port, '127.0.0.1');
    socket.pipe(through).pipe(socket);
    through.on('error', () => socket.destroy());
    socket.on('error', () => through.destroy());
    socket.on('close', () => through.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  closers.push(() => proxy.close());
  const url = `http://me:p%40ss@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const tunnel = () =>
    channel({ target: { host: 'far', port: 1 }, connect: () => openTunnel(url, 'far:1') });
  const open = tunnel();
  assert.equal((await call(open)).toString(), '1');
  assert.equal(asked[0]?.url, 'far:1');
  const login = Buffer.from('me:p@ss').toString('base64');
  assert.equal(asked[0]?.headers['proxy-authorization'], `Basic ${login}`);
  status = 407;
  await assert.rejects(call(tunnel()), /cannot connect through proxy .* it answered 407/);
});
