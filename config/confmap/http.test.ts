import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { toPlain } from '../schema/node.ts';
import { loadConfig } from './load.ts';
import { defaultParseLimits } from './parse.ts';
import { defaultProviders } from './providers.ts';

const answers: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  '/config.yaml?x=1': (r) => r.end('a: {b: "${http://HOST/part}"}\n'.replace('HOST', host)),
  '/part': (r) => r.end('[1, 2]'),
  '/moved': (r) => r.writeHead(302, { location: '/part' }).end(),
  '/round': (r) => r.writeHead(307, { location: '/round' }).end(),
  '/away': (r) => r.writeHead(301, { location: 'ftp://example.com/x' }).end(),
  '/large': (r) => r.end('x'.repeat(defaultParseLimits.maxLength + 1)),
  '/broken': (r) => r.destroy(),
};

let host = '';

async function served(use: (server: Server) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    if (answer === undefined) response.writeHead(404).end();
    else answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await use(server);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

test('a configuration over HTTP', async () => {
  const load = (uri: string) => loadConfig([uri], defaultProviders({}));
  await served(async () => {
    const { root } = await load(`http://${host}/config.yaml?x=1`);
    assert.deepEqual(toPlain(root), { a: { b: [1, 2] } });
    const moved = await load(`yaml:{a: "\${http://${host}/moved}"}`);
    assert.deepEqual(toPlain(moved.root), { a: [1, 2] });
    const f = (path: string, message: string | RegExp) =>
      assert.rejects(load(`http://${host}${path}`), (error: Error) => {
        const start = `cannot read the configuration from "http://${host}${path}": `;
        assert.ok(error.message.startsWith(start), error.message);
        assert.match(error.message.slice(start.length), new RegExp(message));
        return true;
      });
    await f('/none', /^status code 404, expected 200$/);
    await f('/round', /^more than 10 redirects$/);
    await f('/away', /^redirected to "ftp:/);
    await f('/large', /^the answer has more than 4194304 bytes$/);
    await f('/broken', /hang up|ECONNRESET/);
  });
  await assert.rejects(load(`http://${host}/part`), /ECONNREFUSED/);
  await assert.rejects(load('http:x'), /invalid uri "http:x"/);
  await assert.rejects(load('http:///x'), /invalid uri "http:\/\/\/x"/);
});

test('over HTTPS a server without TLS is refused', async () => {
  await served(async () => {
    const load = loadConfig([`https://${host}/part`], defaultProviders({}));
    await assert.rejects(load, /cannot read the configuration from "https:/);
  });
});
