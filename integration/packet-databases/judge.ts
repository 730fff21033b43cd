/** Exchanges of a capture as tshark reads them, paired without our own code. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { tshark } from './stage.ts';

/** What is compared of an exchange. A field that tshark does not tell is undefined. */
export interface Judged {
  readonly port: string;
  readonly stream: string;
  /** MySQL: number of the command, 256 = login. Redis: words. */
  readonly command: string;
  requestSize: number;
  /** Seconds with nine digits: of the packet with the request's first and the response's last byte. */
  readonly start: string;
  query?: string;
  responseSize?: number;
  error?: string;
  affected?: number;
  rows?: number;
  end?: string;
}

const mysqlFields = [
  ...['tcp.stream', 'tcp.srcport', 'frame.time_epoch', 'mysql.packet_length'],
  ...['mysql.packet_number', 'mysql.command', 'mysql.query', 'mysql.error_code', 'mysql.sqlstate'],
  ...['mysql.affected_rows', 'mysql.num_fields', 'mysql.eof', 'mysql.login_request'],
];
const QUERIES = new Set(['3', '22']);
const ONE_WAY = new Set(['1', '24', '25']);
/** Login, COM_CHANGE_USER. */
const VERDICTS = new Set(['256', '17']);
const SERVER = '3306';

function sum(values: readonly string[]): number {
  return values.reduce((a, v) => a + Number(v), 0);
}

/** MySQL: each command and the packets of the server up to the next one, by TCP stream. */
export function judgeMysql(capture: string): Judged[] {
  const all: Judged[] = [];
  const open = new Map<string, Judged>();
  for (const row of tshark(capture, 'mysql', mysqlFields)) {
    const [[stream] = [''], [port] = [''], [time] = [''], lengths, numbers] = row;
    if (port === SERVER) {
      const exchange = open.get(stream!);
      if (exchange !== undefined) answer(exchange, row, time!);
      continue;
    }
    const login = row[12]!.length > 0;
    if (numbers![0] !== '0' && !login) {
      // A file for LOAD DATA, part of the request; or the proof of a password.
      const asked = open.get(stream!);
      if (asked?.command === '3') asked.requestSize += sum(lengths!) + 4 * lengths!.length;
      continue;
    }
    const commands = login ? ['256'] : row[5]!;
    const queries = [...row[6]!];
    for (const [i, command] of commands.entries()) {
      const exchange: Judged = {
        port: port!,
        stream: stream!,
        command,
        requestSize: Number(lengths![i]) + 4,
        start: time!,
      };
      if (QUERIES.has(command)) exchange.query = queries.shift() ?? '';
      all.push(exchange);
      if (!ONE_WAY.has(command)) open.set(stream!, exchange);
    }
  }
  return all;
}

function answer(e: Judged, row: readonly string[][], time: string): void {
  const [, , , lengths, , , , errors, states, affected, fields, eofs] = row;
  const failed = errors!.some((code) => code !== '65535');
  // Of a login only the verdict is the response.
  const verdict = VERDICTS.has(e.command);
  const counted = verdict ? lengths!.slice(-1) : lengths!;
  e.responseSize = (verdict ? 0 : (e.responseSize ?? 0)) + sum(counted) + 4 * counted.length;
  e.end = time;
  if (failed) {
    e.error = errors!.at(-1)!;
    assert.ok(states!.length <= errors!.length);
  }
  if (affected!.length > 0) e.affected = (e.affected ?? 0) + sum(affected!);
  const results = fields!.length;
  const others = lengths!.length - results - sum(fields!) - eofs!.length;
  e.rows = (e.rows ?? 0) + others - affected!.length - errors!.length;
}

interface Value {
  readonly frame: string;
  readonly type: string;
  readonly size: number;
  readonly words: string[];
  /** Elements that it says it has. */
  count: number;
}

/** Values at the top of tshark's RESP layer, in order, by frame. */
function respValues(capture: string): Value[] {
  const done = spawnSync('tshark', ['-r', capture, '-Y', 'resp', '-T', 'pdml', '-J', 'resp'], {
    encoding: 'utf8',
    maxBuffer: 1 << 29,
  });
  assert.equal(done.status, 0, done.stderr);
  const values: Value[] = [];
  let frame = '';
  let words: string[] = [];
  for (const line of done.stdout.split('\n')) {
    const number = /<field name="num" [^>]*show="(\d+)"/.exec(line);
    if (number !== null) frame = number[1]!;
    const top = /^ {4}<field name="resp\.(\w+)"[^>]* size="(\d+)" pos="\d+"/.exec(line);
    if (top !== null) {
      words = [];
      values.push({ frame, type: top[1]!, size: Number(top[2]), words, count: -1 });
      continue;
    }
    const count = /name="resp\.array\.length"[^>]* show="(\d+)"/.exec(line);
    const value = values.at(-1);
    if (count !== null && value?.count === -1) value.count = Number(count[1]);
    const word = /name="resp\.bulk_string\.value"[^>]* value="([0-9a-f]*)"/.exec(line);
    if (word !== null) words.push(Buffer.from(word[1]!, 'hex').toString());
  }
  return values;
}

/** Commands as tshark's RESP layer shows them, by the client's port; not those of which it has pieces. */
export function respCommands(capture: string): Map<string, string[]> {
  const ports = new Map<string, string>();
  const fields = ['frame.number', 'tcp.srcport'];
  for (const row of tshark(capture, 'resp && tcp.dstport == 6379', fields)) {
    ports.set(row[0]![0]!, row[1]![0]!);
  }
  const commands = new Map<string, string[]>();
  const pieces = new Set<string>();
  for (const v of respValues(capture)) {
    const port = ports.get(v.frame);
    if (port === undefined) continue;
    if (v.words.length !== v.count) pieces.add(port);
    else if (v.words.length > 0)
      commands.set(port, [...(commands.get(port) ?? []), v.words.join(' ')]);
  }
  for (const port of pieces) commands.delete(port);
  return commands;
}

interface Stream {
  readonly bytes: Buffer;
  /** Offset of each segment and its time. */
  readonly segments: readonly { readonly at: number; readonly time: string }[];
}

/** Payload of each direction put together by sequence numbers, by `source destination`. */
function streams(capture: string, port: string): Map<string, Stream> {
  const fields = ['tcp.srcport', 'tcp.dstport', 'tcp.seq', 'frame.time_epoch', 'tcp.payload'];
  const parts = new Map<string, { seq: number; time: string; bytes: Buffer }[]>();
  for (const row of tshark(capture, `tcp.port == ${port} && tcp.len > 0`, fields)) {
    const [from, to, seq, time, hex] = row.map((v) => v[0]!);
    const key = `${from} ${to}`;
    const part = { seq: Number(seq), time: time!, bytes: Buffer.from(hex!, 'hex') };
    parts.set(key, [...(parts.get(key) ?? []), part]);
  }
  const all = new Map<string, Stream>();
  for (const [key, list] of parts) {
    let at = 0;
    const segments = list.map((p) => {
      assert.equal(
        (p.seq - list[0]!.seq) >>> 0,
        at,
        'a capture on loopback, in order, without loss',
      );
      at += p.bytes.length;
      return { at: at - p.bytes.length, time: p.time };
    });
    all.set(key, { bytes: Buffer.concat(list.map((p) => p.bytes)), segments });
  }
  return all;
}

function timeAt(s: Stream, offset: number): string {
  return s.segments.findLast((x) => x.at <= offset)!.time;
}

/** End of the value at an offset, read recursively; what it says of itself in `words`. */
function valueEnd(b: Buffer, at: number, words: string[]): number {
  const line = b.indexOf('\r\n', at) + 2;
  const n = Number(b.toString('latin1', at + 1, line - 2));
  const type = String.fromCharCode(b[at]!);
  if ('$!='.includes(type)) {
    if (n < 0) return line;
    words.push(b.toString('utf8', line, line + n));
    return line + n + 2;
  }
  const factor = { '*': 1, '~': 1, '>': 1, '%': 2 }[type];
  let end = line;
  for (let i = 0; i < n * (factor ?? 0); i++) end = valueEnd(b, end, words);
  return end;
}

/** Redis: the nth reply of a connection belongs to its nth command. */
export function judgeRedis(capture: string): Judged[] {
  const all: Judged[] = [];
  const found = streams(capture, '6379');
  for (const [key, asked] of found) {
    const [port, server] = key.split(' ');
    if (server !== '6379') continue;
    const told = found.get(`6379 ${port}`)!;
    let from = 0;
    for (let at = 0; at < asked.bytes.length; ) {
      const b = asked.bytes;
      const words: string[] = [];
      const inline = b[at] !== 0x2a;
      const end = inline ? b.indexOf('\r\n', at) + 2 : valueEnd(b, at, words);
      // redis-cli --pipe puts an empty line before its last command.
      if (inline && end === at + 2) {
        at = end;
        continue;
      }
      const till = valueEnd(told.bytes, from, []);
      const first = told.bytes.toString('utf8', from, Math.min(till, from + 258));
      all.push({
        port: port!,
        stream: '',
        command: inline ? b.toString('utf8', at, end).trim() : words.join(' '),
        requestSize: end - at,
        start: timeAt(asked, end - 1),
        responseSize: till - from,
        end: timeAt(told, till - 1),
        error: first.startsWith('-') ? first.slice(1).split('\r', 1)[0]! : '',
      });
      at = end;
      from = till;
    }
    assert.equal(from, told.bytes.length, 'as many replies as commands');
  }
  return all;
}
