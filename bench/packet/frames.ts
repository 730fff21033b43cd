import {
  bytes,
  EPOCH,
  ethernet,
  pcapFile,
  type Seen,
  Talk,
  udp,
  v4,
} from '../../agent/testing/frames.ts';

/** Small UDP packets of many flows, no application protocol in them. */
export function smallPackets(count: number, flows: number): Uint8Array {
  const payload = new Uint8Array(18).fill(0xaa);
  const server = v4('10.1.0.1', 9000);
  const made = Array.from({ length: flows }, (_, i) => {
    const client = v4(`10.2.${(i >> 8) & 255}.${i & 255}`, 1024 + (i >> 16));
    return ethernet(udp(client, server, payload));
  });
  const frames: Seen[] = Array.from({ length: count }, (_, i) => ({
    frame: made[i % flows]!,
    time: EPOCH + BigInt(i) * 1000n,
  }));
  return pcapFile(frames);
}

const REQUEST =
  'GET /api/v1/products/{n}?page=2&sort=price HTTP/1.1\r\nHost: shop.example.com\r\n' +
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nAccept: application/json\r\n' +
  'Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nX-Request-ID: 5f2b-{n}\r\n' +
  'Cookie: session=abcdefghijklmnopqrstuvwxyz0123456789\r\n\r\n';

function response(n: number): string {
  const body = `{"id":${n},"name":"product","price":${n % 100}}`.padEnd(200, ' ');
  return (
    'HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 03:58:53 GMT\r\n' +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n` +
    `Connection: keep-alive\r\n\r\n${body}`
  );
}

/** HTTP/1.1 keep-alive connections, interleaved: request, response and an ACK for each session. */
export function httpSessions(sessions: number, connections: number): Uint8Array {
  const talks = Array.from({ length: connections }, (_, i) =>
    new Talk(v4(`10.2.0.${i & 255}`, 20_000 + i), v4(`10.1.0.${i & 7}`, 8080)).handshake(),
  );
  for (let n = 0; n < sessions; n++) {
    const t = talks[n % connections]!;
    t.time = EPOCH + BigInt(n) * 20_000n;
    t.ask(REQUEST.replaceAll('{n}', String(n)))
      .answer(response(n))
      .acknowledge();
  }
  const frames = talks.flatMap((t) => t.frames).sort((a, b) => Number(a.time - b.time));
  return pcapFile(frames);
}

export function sizeText(file: Uint8Array): string {
  return `${(bytes(file).length / 1e6).toFixed(0)} MB`;
}
