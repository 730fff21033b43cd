import { Flag, Kind } from '../records.ts';
import { record, type Told } from './records.ts';

/** Whole numbers in [0, n), the same for the same seed. */
export type Draw = (n: number) => number;

export function drawer(seed: number): Draw {
  let state = seed | 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.floor(((state >>> 8) / (1 << 24)) * n);
  };
}

function pick<T>(draw: Draw, list: readonly T[]): T {
  return list[draw(list.length)]!;
}

const PATHS = [
  '/',
  '/small',
  '/users/1234/orders',
  '//a//b',
  '/files/0123456789abcdef0123/x',
  '/v1/123e4567-e89b-12d3-a456-426614174000',
  '/v1/abcdefab-abcd-abcd-abcd-abcdefabcdef/y',
  '/a-b/long.segment_with~digits1and2+more',
  `/${'p'.repeat(70)}/q`,
  `/${'deep/'.repeat(40)}`,
  '/%7Euser',
  '/ü',
  '*',
  'http://other.example/x?y=1',
];
const QUERIES = [
  '',
  '',
  '',
  '?page=2',
  '?',
  '?token=abc&x=1',
  '?Api-Key=1;b=2;;pin=3',
  '?a%20b=1',
  '?session_id',
  '?x=1&y==2&code=',
  '?=v&key=v',
  `?q=${'v'.repeat(300)}`,
];
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PLAIN = [
  'Host: shop.example:8080',
  'host:a',
  'Host: ',
  'User-Agent: bench/1.0 (x)',
  'user-agent:\tcurl \t',
  'Accept: */*',
  'X-Request-ID: 7f2c-1',
  'X-Request-ID: second',
  'X-Forwarded-For: 10.0.0.1, 10.0.0.2',
  `traceparent: 00-${TRACE}-b7ad6b7169203331-01`,
  'tracestate: a=1,b=2',
  'Connection: keep-alive',
  'Cookie: a=b',
  'X-Odd: \xe9\x7f',
  `X-Long: ${'l'.repeat(200)}`,
];
const HEADERS = [
  ...PLAIN,
  `traceparent: 00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  `Traceparent: 01-${TRACE}-b7ad6b7169203331-01-more`,
  `b3: ${TRACE}-b7ad6b7169203331-1`,
  'sw8: 1-x',
  'User-Agent: \xe9',
];
const BAD = ['no colon', 'X : y', 'a b: c', ' folded', 'X:\x01', ''];
const METHODS =
  'GET GET GET GET POST HEAD PUT DELETE OPTIONS PATCH QUERY PROPFIND CONNECT get'.split(' ');
const STATUSES = [200, 200, 200, 204, 301, 304, 400, 404, 500, 503, 599];

function fields(draw: Draw, odd: boolean): string {
  let out = '';
  for (let i = draw(6); i > 0; i--) out += `${pick(draw, odd ? HEADERS : PLAIN)}\r\n`;
  if (odd && draw(4) === 0) out += `${pick(draw, BAD)}\r\n`;
  return out;
}

function requestOf(draw: Draw, odd: boolean): { readonly text: string; readonly method: string } {
  const method = odd ? pick(draw, METHODS) : pick(draw, METHODS.slice(0, 8));
  const path = odd ? pick(draw, PATHS) : pick(draw, PATHS.slice(0, 8));
  const version = draw(5) === 0 ? '1.0' : '1.1';
  const body = draw(3) === 0 ? 'b'.repeat(draw(300)) : '';
  let head = fields(draw, odd);
  if (body !== '' || draw(8) === 0) head += `Content-Length: ${body.length}\r\n`;
  if (odd && draw(10) === 0) head += 'Content-Length: 7\r\n';
  if (odd && draw(10) === 0) head += 'Transfer-Encoding: chunked\r\n';
  const end = odd && draw(10) === 0 ? '\n' : '\r\n';
  const line = `${method} ${path}${pick(draw, odd ? QUERIES : QUERIES.filter((q) => !q.includes('%')))} HTTP/${version}${end}`;
  return { text: `${line}${head}\r\n${body}`, method };
}

function chunkedOf(draw: Draw, odd: boolean, body: string): string {
  let out = '';
  for (let at = 0; at < body.length; ) {
    const n = 1 + draw(body.length - at);
    out += `${n.toString(16)}${odd && draw(9) === 0 ? ';x=y' : ''}\r\n${body.slice(at, at + n)}\r\n`;
    at += n;
  }
  return `${out}0\r\n${odd && draw(6) === 0 ? 'Trailer: x\r\n' : ''}\r\n`;
}

function responseOf(draw: Draw, odd: boolean, method: string): string {
  const status = odd && draw(12) === 0 ? pick(draw, [100, 101, 199]) : pick(draw, STATUSES);
  const empty = method === 'HEAD' || status === 204 || status === 304;
  const body = 'r'.repeat(draw(3) === 0 ? draw(3000) : draw(120));
  const reason = draw(3) === 0 ? '' : ' Some reason';
  const head = `HTTP/1.1 ${status}${reason}\r\n${fields(draw, odd)}`;
  if (!empty && draw(3) === 0) {
    return `${head}Transfer-Encoding: ${draw(4) === 0 ? 'Chunked' : 'chunked'}\r\n\r\n${chunkedOf(draw, odd, odd ? body : body.slice(0, 90))}`;
  }
  const length = odd && draw(12) === 0 ? '' : `Content-Length: ${body.length}\r\n`;
  return `${head}${length}\r\n${empty ? '' : body}`;
}

/** One end of a connection as its process uses it. */
class Peer {
  private readonly draw: Draw;
  private readonly cap: number;
  private readonly told: Told;
  private readonly client: boolean;
  private sent: number;
  private received: number;
  private number = 0;
  chain: bigint;

  constructor(draw: Draw, socket: number, odd: boolean) {
    this.draw = draw;
    this.client = draw(3) === 0;
    this.cap = odd ? pick(draw, [300, 1024, 4032]) : 1024;
    this.told = {
      socket,
      role: this.client ? 'client' : 'server',
      localPort: this.client ? 40_000 + socket : 8080,
      remotePort: this.client ? pick(draw, [80, 8080]) : 40_000 + socket,
      tgid: 70 + draw(2),
      rule: this.client ? draw(2) : 0,
    };
    this.sent = draw(2) === 0 ? draw(1e6) : 0xffff_ff00;
    this.received = draw(1e6);
    this.chain = 0n;
  }

  /** @param asks whether the bytes are the client's */
  data(asks: boolean, text: string, more: Told = {}): Buffer {
    const incoming = asks !== this.client;
    const sequence = incoming ? this.received : this.sent;
    const length = text.length;
    if (incoming) this.received = (this.received + length) >>> 0;
    else this.sent = (this.sent + length) >>> 0;
    return record({
      ...this.told,
      incoming,
      sequence,
      acknowledgement: incoming ? this.sent : this.received,
      payload: text.slice(0, this.cap),
      length,
      number: ++this.number,
      chain: this.chain,
      thread: 70 + (this.draw(20) === 0 ? 1 : 0),
      flags: this.number === 1 ? Flag.first : 0,
      ...more,
    });
  }

  skip(bytes: number): void {
    if (this.draw(2) === 0) this.sent = (this.sent + bytes) >>> 0;
    else this.received = (this.received + bytes) >>> 0;
  }

  other(kind: number): Buffer {
    return record({ ...this.told, kind, incoming: this.draw(2) === 0, payload: '' });
  }
}

/** Records of one step of a connection; `odd` = it may be anything. */
function step(draw: Draw, peer: Peer, odd: boolean): Buffer[] {
  if (odd && draw(6) === 0) {
    switch (draw(5)) {
      case 0:
        return [peer.other(pick(draw, [Kind.end, Kind.close, Kind.accept, Kind.connect]))];
      case 1:
        peer.skip(1 + draw(200));
        return [];
      case 2:
        return [peer.data(draw(2) === 0, 'x'.repeat(1 + draw(40)))];
      case 3: {
        const twice = peer.data(true, requestOf(draw, false).text);
        return [twice, twice];
      }
      default: {
        const both = requestOf(draw, false).text + requestOf(draw, false).text;
        return [
          peer.data(true, both),
          peer.data(false, responseOf(draw, false, 'GET') + responseOf(draw, false, 'GET')),
        ];
      }
    }
  }
  const { text, method } = requestOf(draw, odd);
  const cut = odd && draw(8) === 0 ? 1 + draw(text.length - 1) : text.length;
  const parts = [text.slice(0, cut), text.slice(cut)].filter((part) => part !== '');
  const records = parts.map((part) => peer.data(true, part));
  if (odd && draw(10) === 0) return records;
  if (odd && draw(12) === 0) records.push(peer.data(false, 'HTTP/1.1 100 Continue\r\n\r\n'));
  const response = responseOf(draw, odd, method);
  const head = response.indexOf('\r\n\r\n') + 4;
  const whole = response.includes('hunked\r\n');
  for (let at = 0; at < response.length; ) {
    const least = odd ? 1 : whole ? response.length : at === 0 ? Math.max(head, 64) : 1;
    const rest = Math.max(response.length - at, 1);
    const n = draw(3) === 0 && least < rest ? least + draw(rest - least) : rest;
    records.push(peer.data(false, response.slice(at, at + n)));
    at += n;
  }
  return records;
}

/**
 * Records of connections that are used at the same time, in order of time.
 * @param odd of how many steps one may be no plain exchange; 0 = none
 */
export function traffic(seed: number, sockets: number, steps: number, odd: number): Buffer[] {
  const draw = drawer(seed);
  const streams = Array.from({ length: sockets }, (_, i) => {
    const peer = new Peer(draw, i + 1, odd > 0);
    const records: Buffer[] = [];
    for (let n = 0; n < steps; n++) {
      peer.chain = draw(5) === 0 ? 0n : BigInt((i << 16) | (n + 1)) | (BigInt(draw(3)) << 52n);
      records.push(...step(draw, peer, odd > 0 && draw(odd) === 0));
    }
    return records;
  });
  const out: Buffer[] = [];
  let time = 1_000_000;
  for (let left = streams; left.length > 0; left = left.filter((s) => s.length > 0)) {
    const next = pick(draw, left).shift();
    if (next === undefined) continue;
    time += draw(50) === 0 ? draw(2e9) : draw(100_000);
    next.writeBigUInt64LE(BigInt(time), 8);
    out.push(next);
  }
  return out;
}

/** The same records as batches of at most `most` of them. */
export function batches(records: readonly Buffer[], seed: number, most: number): Buffer[] {
  const draw = drawer(seed);
  const out: Buffer[] = [];
  for (let at = 0; at < records.length; ) {
    const n = 1 + draw(most);
    // At the beginning of a buffer of its own.
    out.push(Buffer.concat(records.slice(at, at + n)));
    at += n;
  }
  return out.map((b) => Buffer.from(Uint8Array.from(b).buffer));
}
