import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fakeClock } from '../../testing/clock.ts';
import { until } from '../../testing/until.ts';
import { Code } from '../status/code.ts';
import type { GrpcError } from './grpc-error.ts';
import { goawayFrame, settingsFrame } from './http2/frames.ts';
import { makeClient, realTime } from './testing.ts';

/** A server that greets each connection with `greeting` and, where it says so, ends it. */
async function greeting(t: TestContext, bytes: Buffer, ends: boolean) {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write(bytes);
    if (ends) socket.end();
    else socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port, count: () => sockets.length };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));
const servers: Record<string, [Buffer, boolean]> = {
  'takes no call': [Buffer.concat([settingsFrame([]), goawayFrame(0, 0, 'not now')]), false],
  'takes no stream and hangs up': [settingsFrame([[3, 0]]), true],
};

for (const [name, [bytes, ends]] of Object.entries(servers)) {
  test(`a server that ${name} is not connected to without a pause`, async (t) => {
    const { port, count } = await greeting(t, bytes, ends);
    const time = fakeClock();
    const client = makeClient(port, { waitForReady: true, time });
    t.after(() => client.close());
    const call = client.call([Buffer.alloc(1)], false, time.monotonicMs() + 60_000);
    const failed = call.then(
      () => undefined,
      (error: GrpcError) => error,
    );
    await until(() => count() >= 2, 'two connections');
    await settle();
    assert.equal(count(), 2);
    await time.advance(1500);
    await until(() => count() >= 3, 'a third connection');
    await settle();
    assert.equal(count(), 3);
    await time.advance(900);
    await settle();
    assert.equal(count(), 3, 'the second pause is longer');
    client.close();
    assert.equal((await failed)?.code, Code.UNAVAILABLE);
  });
}

test('a call that does not wait is told that the server takes no calls', async (t) => {
  const { port, count } = await greeting(t, servers['takes no call']![0], false);
  const client = makeClient(port, { time: realTime });
  t.after(() => client.close());
  const call = client.call([Buffer.alloc(1)], false, performance.now() + 5000);
  await assert.rejects(call, { code: Code.UNAVAILABLE, message: /GOAWAY NO_ERROR not now/ });
  assert.equal(count(), 2);
});
