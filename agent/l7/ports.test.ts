// Each protocol on the usual ports of the others, and on a port of nobody: found or left alone,
// never taken for another.
import assert from 'node:assert/strict';
import test from 'node:test';
import { be16, bytes, EPOCH, ethernet, type Seen, Talk, udp, v4 } from '../testing/frames.ts';
import { runFrames } from '../testing/run.ts';
import { greeting, login, ok, query } from './mysql/testing.ts';
import { type ProtocolName, protocolNames, protocols } from './registry.ts';

const client = '10.0.0.1';
const server = '10.0.0.2';
const ports = [53, 80, 3306, 6379, 8080, 12_345];
const all = protocolNames.map((name) => protocols[name]());

const name = [1, 97, 4, ...Buffer.from('test'), 0];
const asked = bytes(be16(7), [1, 0, 0, 1, 0, 0, 0, 0, 0, 0], name, [0, 1, 0, 1]);
const told = bytes(be16(7), [0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0], name, [0, 1, 0, 1]);

/** Both sides of a conversation with two requests, `>` what the client sends. */
const talks: Readonly<Record<string, readonly (readonly ['>' | '<', Uint8Array | string])[]>> = {
  http: [
    ['>', 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['<', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['>', 'POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi'],
    ['<', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ],
  dns: [
    ['>', bytes(be16(asked.length), asked)],
    ['<', bytes(be16(told.length), told)],
    ['>', bytes(be16(asked.length), [0, 8], asked.subarray(2))],
    ['<', bytes(be16(told.length), [0, 8], told.subarray(2))],
  ],
  mysql: [
    ['<', greeting()],
    ['>', login(0)],
    ['<', ok(2)],
    ['>', query('DELETE FROM a')],
    ['<', ok()],
    ['>', query('DELETE FROM b')],
    ['<', ok()],
  ],
  redis: [
    ['>', '*2\r\n$3\r\nGET\r\n$1\r\nk\r\n'],
    ['<', '$-1\r\n'],
    ['>', '*1\r\n$4\r\nPING\r\n'],
    ['<', '+PONG\r\n'],
  ],
};

function framesOf(talk: string, port: number): Seen[] {
  const t = new Talk(v4(client, 40_000), v4(server, port)).handshake();
  for (const [from, payload] of talks[talk]!) from === '>' ? t.ask(payload) : t.answer(payload);
  return t.close().frames;
}

test('the tests know every protocol', () => {
  assert.deepEqual(Object.keys(talks).sort(), [...protocolNames].sort());
});

test('each protocol on every port: its requests, all answered, by the right server', () => {
  for (const spoken of Object.keys(talks)) {
    for (const port of ports) {
      const { results } = runFrames(framesOf(spoken, port), { protocols: all });
      const lines = results.map((r) => `${r.protocol} ${r.server} ${r.reason}`);
      const expected = Array(2).fill(`${spoken} ${server} ${port} `);
      const requests = spoken === 'mysql' ? lines.filter((_, i) => i > lines.length - 3) : lines;
      assert.deepEqual(requests, expected, `${spoken} on port ${port}`);
      assert.ok(lines.every((line) => line.startsWith(spoken)));
    }
  }
});

test('where a protocol is not looked for, the others do not take its words', () => {
  for (const spoken of Object.keys(talks) as ProtocolName[]) {
    const others = protocolNames.filter((p) => p !== spoken).map((p) => protocols[p]());
    for (const port of ports) {
      const { results } = runFrames(framesOf(spoken, port), { protocols: others });
      assert.deepEqual(results, [], `${spoken} on port ${port}`);
    }
  }
});

test('DNS in datagrams on every port; other datagrams on port 53 are none', () => {
  for (const port of ports) {
    const [c, s] = [v4(client, 40_000), v4(server, port)];
    const datagrams = (question: Uint8Array, answer: Uint8Array): Seen[] => [
      { frame: ethernet(udp(c, s, question)), time: EPOCH },
      { frame: ethernet(udp(s, c, answer)), time: EPOCH + 1_000_000n },
    ];
    const found = runFrames(datagrams(asked, told), { protocols: all }).results;
    assert.deepEqual(
      found.map((r) => `${r.protocol} ${r.server} ${r.reason}`),
      [`dns ${server} ${port} `],
    );
    const [http, http200] = [bytes(talks.http![0]![1]), bytes(talks.http![1]![1])];
    assert.deepEqual(runFrames(datagrams(http, http200), { protocols: all }).results, []);
  }
});
