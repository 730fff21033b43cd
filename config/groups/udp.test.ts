import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test from 'node:test';
import { bindUdp, closeUdp } from './udp.ts';

const unexpected = (error: Error): void => assert.fail(error);

test('packets to 127.0.0.1 arrive at localhost', async () => {
  const socket = await bindUdp({ host: 'localhost', port: 0 }, {}, unexpected);
  assert.deepEqual([socket.address().family, socket.address().address], ['IPv4', '127.0.0.1']);
  const sender = createSocket('udp4');
  const arrived = once(socket, 'message');
  sender.send('x', socket.address().port, '127.0.0.1');
  assert.equal(String((await arrived)[0]), 'x');
  sender.close();
  await closeUdp(socket);
  await closeUdp(undefined);
});

test('a port that is taken is a fault, and so is an address of the other family', async () => {
  const socket = await bindUdp({ host: '127.0.0.1', port: 0 }, { receiveBytes: 8192 }, unexpected);
  const { port } = socket.address();
  await assert.rejects(bindUdp({ host: '127.0.0.1', port }, {}, unexpected), /EADDRINUSE/);
  const other = bindUdp({ host: '127.0.0.1', port: 0 }, { transport: 'udp6' }, unexpected);
  await assert.rejects(other);
  await closeUdp(socket);
});

test('an empty host is every interface', async () => {
  const socket = await bindUdp({ host: '', port: 0 }, { transport: 'udp4' }, unexpected);
  assert.equal(socket.address().address, '0.0.0.0');
  await closeUdp(socket);
});
