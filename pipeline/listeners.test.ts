import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { freePort } from '../testing/ports.ts';
import { createListeners } from './listeners.ts';

const options = { allowHalfOpen: true };
const fails = (error: Error): void => assert.fail(error);

function answering(text: string): http.Server {
  return http.createServer((_request, response) => response.end(text));
}

async function get(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } });
  return response.text();
}

test('a server takes the place of another without a connection refused', async () => {
  const listeners = createListeners();
  const address = { host: '127.0.0.1', port: await freePort() };
  let current = await listeners.attach(answering('0'), address, options, fails);
  const seen = new Set<string>();
  let asked = 0;
  let going = true;
  const asking = (async () => {
    for (; going; asked += 1) seen.add(await get(address.port));
  })();
  for (let i = 1; i <= 20; i += 1) {
    const next = await listeners.attach(answering(String(i)), address, options, fails);
    current.detach();
    current = next;
    const until = asked + 2;
    while (asked < until) await new Promise((resolve) => setImmediate(resolve));
  }
  going = false;
  await asking;
  assert.ok(seen.has('20'));
  assert.equal(await get(address.port), '20');
  current.detach();
  await assert.rejects(get(address.port));
});

test('a connection stays with the server that accepted it', async () => {
  const listeners = createListeners();
  const address = { host: '127.0.0.1', port: await freePort() };
  const first = await listeners.attach(answering('old'), address, options, fails);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (): Promise<string> => {
    const [response] = (await once(http.get({ ...address, agent }), 'response')) as [
      http.IncomingMessage,
    ];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return text;
  };
  assert.equal(await ask(), 'old');
  const second = await listeners.attach(answering('new'), address, options, fails);
  first.detach();
  assert.equal(await ask(), 'old');
  agent.destroy();
  assert.equal(await ask(), 'new');
  agent.destroy();
  second.detach();
});

test('ports that the system chooses differ, taken ports are an error', async () => {
  const listeners = createListeners();
  const any = { host: '127.0.0.1', port: 0 };
  const a = await listeners.attach(answering('a'), any, options, fails);
  const b = await listeners.attach(answering('b'), any, options, fails);
  const port = (a.address as AddressInfo).port;
  assert.notEqual(port, (b.address as AddressInfo).port);
  const taken = { host: '127.0.0.1', port };
  await assert.rejects(createListeners().attach(answering('c'), taken, options, fails), {
    code: 'EADDRINUSE',
  });
  a.detach();
  b.detach();
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'error');
});

test('a name is listened on at its address of IPv4; one that is none is an error', async () => {
  const listeners = createListeners();
  const local = { host: 'localhost', port: 0 };
  const attached = await listeners.attach(answering('here'), local, options, fails);
  const { address, port } = attached.address as AddressInfo;
  assert.equal(address, '127.0.0.1');
  assert.equal(await get(port), 'here');
  attached.detach();
  const nowhere = { host: 'nowhere.invalid', port: 0 };
  await assert.rejects(
    listeners.attach(answering(''), nowhere, options, fails),
    /nowhere\.invalid/,
  );
});
