/** What clients may leave undone, and what they are told while they still send. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { after, test } from 'node:test';
import { z } from 'zod';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { serveHttp } from './http-listen.ts';
import { httpServerKeys } from './http-server.ts';
import { cutOffUnread } from './http-unread.ts';
import { originForm } from './request-target.ts';

const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers) await close();
});

async function start(handle: Parameters<typeof serveHttp>[2]): Promise<number> {
  const settings = realTimeSettings(systemClock, { id: 'x' });
  const config = z.strictObject(httpServerKeys('127.0.0.1:0')).parse({});
  const listener = await serveHttp(config, settings, handle);
  closers.push(() => listener.close(0));
  return (listener.address as net.AddressInfo).port;
}

/** Refuses at once, without a look at what comes. */
const refuse = (request: http.IncomingMessage, response: http.ServerResponse): void => {
  response.writeHead(413, { connection: 'close', 'content-length': 9 });
  response.end('too large');
  request.resume();
};

const inPython = `
import http.client, sys
call = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))
call.request('POST', '/', b'x' * (22 << 20))
answer = call.getresponse()
print(answer.status, answer.read().decode())
`;

/** The same: reads only when it has written everything, and takes no error as an answer. */
const inNode = `
const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1');
const body = Buffer.alloc(22 << 20, 120);
socket.on('error', (error) => { console.log(error.code); process.exit(1); });
socket.write('POST / HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: ' + body.length + '\\r\\n\\r\\n');
socket.write(body, () => socket.on('data', (chunk) => {
  console.log(String(chunk).split(' ')[1] + ' ' + String(chunk).split('\\r\\n\\r\\n')[1]);
  process.exit(0);
}));
`;

async function outputOf(child: ChildProcess): Promise<string> {
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  return Buffer.concat(chunks).toString().trim();
}

test('a client that writes everything before it reads gets a refusal of too large a body', async (t) => {
  const port = String(await start(refuse));
  assert.equal(await outputOf(spawn(process.execPath, ['-e', inNode, port])), '413 too large');
  if (spawnSync('python3', ['--version']).status !== 0) t.diagnostic('no python3: not asked');
  else assert.equal(await outputOf(spawn('python3', ['-c', inPython, port])), '413 too large');
});

test('the connection of a refused client that sends no more ends', async () => {
  const port = await start(refuse);
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nabc');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'end');
  assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1.1 413 .*too large$/s);
  socket.destroy();
});

test('a target that is a whole URL is its path', async () => {
  const port = await start((request, response) => response.end(request.url));
  const socket = net.connect(port, '127.0.0.1');
  socket.end(
    'GET http://example.com/v1/traces?x=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
  );
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  assert.match(Buffer.concat(chunks).toString(), /\/v1\/traces\?x=1/);
  assert.doesNotMatch(Buffer.concat(chunks).toString(), /example/);
  for (const [target, path] of [
    ['/a?b=http://c/', '/a?b=http://c/'],
    ['HTTPS://user@h:1/a', '/a'],
    ['http://h', '/'],
    ['http://h?x', '/?x'],
    ['*', '*'],
    ['', ''],
  ] as const) {
    assert.equal(originForm(target), path);
  }
});

test('a client that does not read its answer is cut off, one that waits for it is not', async () => {
  const server = cutOffUnread(http.createServer(), 300);
  let late: () => void = () => {};
  const cut = new Promise((resolve) => {
    server.on('request', ({ url, socket }, response) => {
      if (url === '/slow') late = () => response.end('late');
      else {
        socket.on('close', resolve);
        response.end(Buffer.alloc(64 << 20));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const waiting = fetch(`http://127.0.0.1:${port}/slow`);
  const socket = net.connect(port, '127.0.0.1');
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await cut;
  socket.destroy();
  late();
  assert.equal(await (await waiting).text(), 'late');
});
