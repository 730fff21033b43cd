import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JudgedSpan, judge } from './judge.ts';
import { addressOf, type Room } from './network.ts';
import { treeOf } from './tree.ts';

interface Sketch {
  id: string;
  parent: string;
  room: Room;
  point: string;
  protocol: string;
  more?: Record<string, string>;
}

function span({ id, parent, room, point, protocol, more = {} }: Sketch): JudgedSpan {
  const own = point === 'client_process' ? 'client.address' : 'server.address';
  const attributes = new Map(
    Object.entries({
      'wirestitch.observation_point': point,
      'network.protocol.name': protocol,
      [own]: addressOf(room),
      ...more,
    }),
  );
  return { id, parent, name: id, service: room, startNs: 1n, durationNs: 1n, attributes };
}

const click = { 'url.query': 'click=100001' };
const question = { 'dns.question.name': 'c100001.db.shop.test' };
const select = { 'db.query.text': 'SELECT amount AS c100001 FROM stock WHERE item = ?' };
const get = { 'db.query.text': 'GET price:c100001' };
const c = 'client_process';
const s = 'server_process';

const whole: Sketch[] = [
  { id: 'a', parent: '', room: 'edge', point: s, protocol: 'http', more: click },
  { id: 'b', parent: 'a', room: 'edge', point: c, protocol: 'http', more: click },
  { id: 'w', parent: 'b', room: 'shop', point: 'server_nic', protocol: 'http', more: click },
  { id: 'd', parent: 'w', room: 'shop', point: s, protocol: 'http', more: click },
  {
    id: 'e',
    parent: 'd',
    room: 'shop',
    point: c,
    protocol: 'http',
    more: { ...click, 'server.address': addressOf('stock') },
  },
  { id: 'f', parent: 'e', room: 'stock', point: s, protocol: 'http', more: click },
  { id: 'g', parent: 'f', room: 'stock', point: c, protocol: 'dns', more: question },
  { id: 'h', parent: 'g', room: 'dns', point: s, protocol: 'dns', more: question },
  { id: 'i', parent: 'f', room: 'stock', point: c, protocol: 'mysql', more: select },
  { id: 'j', parent: 'i', room: 'database', point: s, protocol: 'mysql', more: select },
  {
    id: 'k',
    parent: 'd',
    room: 'shop',
    point: c,
    protocol: 'http',
    more: { ...click, 'server.address': addressOf('price') },
  },
  { id: 'l', parent: 'k', room: 'price', point: s, protocol: 'http', more: click },
  { id: 'm', parent: 'l', room: 'price', point: c, protocol: 'redis', more: get },
  { id: 'n', parent: 'm', room: 'cache', point: s, protocol: 'redis', more: get },
];

test('a whole trace is whole', () => {
  assert.deepEqual(judge('100001', whole.map(span)), { whole: true, faults: [], foreign: [] });
});

test('a missing hop, a wrong parent and a span of another click are faults', () => {
  const missing = whole.filter(({ id }) => id !== 'n').map(span);
  assert.deepEqual(judge('100001', missing).faults, ['cache is missing']);
  const wrong = whole.map((sketch) =>
    span(sketch.id === 'i' ? { ...sketch, parent: 'd' } : sketch),
  );
  assert.equal(judge('100001', wrong).faults.length, 1);
  const other = { ...click, 'url.query': 'click=100002' };
  const strange: Sketch = {
    id: 'x',
    parent: 'a',
    room: 'edge',
    point: 'client_nic',
    protocol: 'http',
    more: other,
  };
  const verdict = judge('100001', [...whole, strange].map(span));
  assert.equal(verdict.foreign.length, 1);
  assert.equal(verdict.whole, false);
});

test('the tree has a line for each span, children below and indented', () => {
  const lines = treeOf(whole.map(span)).split('\n');
  assert.equal(lines.length, whole.length);
  assert.match(lines[0] ?? '', /^edge a /);
  assert.match(lines[1] ?? '', /^ {2}edge b /);
});
