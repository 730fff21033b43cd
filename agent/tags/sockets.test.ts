import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ipv4Text } from '../address.ts';
import { parseFibTrie, parseInet6, parseSockets } from './sockets.ts';
import { parseStat } from './stat.ts';
import { socketLine } from './testing/fake-files.ts';

/** A line of /proc/net/tcp6: ends, state, inode. */
const line6 = (local: string, remote: string, state: string, inode: number): string =>
  `   0: ${local} ${remote} ${state} 0:0 00:0 0     0        0 ${inode} 1 0 100 0 0 10 0\n`;
const none = '0'.repeat(32);
const mapped = '0000000000000000FFFF0000';
const global = 'B80D01200000000000000000';
const tcp6 = [
  '  sl  local_address remote_address st tx_queue\n',
  line6(`${none}:0050`, `${none}:0000`, '0A', 11),
  line6(`${mapped}0302010A:0050`, `${mapped}0402010A:C350`, '01', 12),
  line6(`${global}01000000:01BB`, `${global}02000000:D431`, '06', 0),
].join('');

test('sockets of IPv6 tables, IPv4-mapped ones as IPv4', () => {
  assert.deepEqual(parseSockets(tcp6, 'tcp', 10), [
    {
      ...{ localAddress: '', localPort: 80, remoteAddress: '', remotePort: 0 },
      ...{ inode: 11, listening: true },
    },
    {
      ...{ localAddress: '10.1.2.3', localPort: 80, remoteAddress: '10.1.2.4', remotePort: 50_000 },
      ...{ inode: 12, listening: false },
    },
    {
      ...{ localAddress: '2001:db8::1', localPort: 443 },
      ...{ remoteAddress: '2001:db8::2', remotePort: 54_321, inode: 0, listening: false },
    },
  ]);
  assert.equal(parseSockets(tcp6, 'tcp', 1).length, 1);
});

test('sockets that were written are read', () => {
  const address = fc.integer({ min: 1, max: 0xffff_fffe }).map((word) => ipv4Text(word));
  const end = fc.tuple(address, fc.integer({ min: 1, max: 65_535 }));
  const inode = fc.integer({ min: 1, max: 0xffff_ffff });
  fc.assert(
    fc.property(fc.array(fc.tuple(end, end, inode)), (rows) => {
      const text = rows.map(([local, remote, n]) => socketLine(local, remote, '01', n)).join('');
      const sockets = parseSockets(`head\n${text}`, 'tcp', 1000);
      assert.deepEqual(
        sockets.map((s) => [
          [s.localAddress, s.localPort],
          [s.remoteAddress, s.remotePort],
          s.inode,
        ]),
        rows,
      );
    }),
  );
});

test('addresses of a namespace', () => {
  const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 192.0.2.0
        /24 link UNICAST
     |-- 192.0.2.2
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
`;
  assert.deepEqual([...parseFibTrie(trie)], ['192.0.2.2']);
  const inet6 = 'fd000000000000000000000000000002 04 40 00 82     eth0\nnonsense\n';
  assert.deepEqual([...parseInet6(inet6)], ['fd00::2']);
});

test('the state of a process with a name that looks like the fields', () => {
  const stat = parseStat(`42 (a) S 1 (b)) S 7${' 0'.repeat(17)} 12345 0\n`);
  assert.deepEqual(stat, { name: 'a) S 1 (b)', parentPid: 7, startTicks: 12_345, zombie: false });
});

test('any text is read', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseSockets(`\n${text}`, 'udp', 10);
      parseFibTrie(text);
      parseInet6(text);
      parseStat(text);
    }),
  );
});
