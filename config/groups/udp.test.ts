import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import test from 'node:test';
import type { Host } from '../../component/settings.ts';
import { createListeners } from '../../pipeline/listeners.ts';
import { openUdp, type TakePacket } from './udp.ts';

const listeners = createListeners();

function programOf(name: string, leaving = false): Pick<Host, 'listeners' | 'fatal'> {
  return {
    listeners: listeners.of({ name, leaving }),
    fatal: (error) => assert.fail(error),
  };
}

const program = programOf('receiver/a');
const nothing: TakePacket = () => assert.fail('no packet was sent');

/** Takes packets; `next` settles with the text of the next one. */
function taker(): { readonly take: TakePacket; next(): Promise<string> } {
  let arrived: (text: string) => void = () => {};
  return {
    take: (data) => arrived(String(data)),
    next: () =>
      new Promise((resolve) => {
        arrived = resolve;
      }),
  };
}

function send(text: string, port: number): void {
  const sender = createSocket('udp4');
  sender.send(text, port, '127.0.0.1', () => sender.close());
}

test('packets to 127.0.0.1 arrive at localhost', async () => {
  const { take, next } = taker();
  const socket = await openUdp(program, { host: 'localhost', port: 0 }, {}, take);
  assert.deepEqual([socket.address.family, socket.address.address], ['IPv4', '127.0.0.1']);
  const arrived = next();
  send('x', socket.address.port);
  assert.equal(await arrived, 'x');
  await socket.close();
});

test('a port that is taken is a fault, and so is an address of the other family', async () => {
  const any = { host: '127.0.0.1', port: 0 };
  const socket = await openUdp(program, any, { receiveBytes: 8192 }, nothing);
  const taken = { host: '127.0.0.1', port: socket.address.port };
  await assert.rejects(openUdp(program, taken, {}, nothing), /EADDRINUSE/);
  await assert.rejects(openUdp(program, any, { transport: 'udp6' }, nothing));
  await socket.close();
});

test('an empty host is every interface', async () => {
  const options = { transport: 'udp4' };
  const socket = await openUdp(program, { host: '', port: 0 }, options, nothing);
  assert.equal(socket.address.address, '0.0.0.0');
  await socket.close();
});

test('a socket goes over from what is leaving, and from nobody else', async () => {
  const probe = await openUdp(program, { host: '127.0.0.1', port: 0 }, {}, nothing);
  const at = { host: '127.0.0.1', port: probe.address.port };
  await probe.close();
  const old = { name: 'receiver/old', leaving: false };
  const before = { ...program, listeners: listeners.of(old) };
  const first = await openUdp(before, at, {}, nothing);
  await assert.rejects(openUdp(program, at, {}, nothing), /already in use by receiver\/old/);
  old.leaving = true;
  const { take, next } = taker();
  const second = await openUdp(program, at, { receiveBytes: 16_384 }, take);
  await first.close();
  const arrived = next();
  send('for the second', at.port);
  assert.equal(await arrived, 'for the second');
  await second.close();
  const third = await openUdp(program, at, {}, nothing);
  await third.close();
});
