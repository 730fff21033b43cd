import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Talk, v4 } from '../../testing/frames.ts';
import { type Result, runFrames } from '../../testing/run.ts';
import type { Protocol } from '../protocol.ts';
import { http1 } from './protocol.ts';

const client = v4('10.0.0.1', 40000);
const server = v4('10.0.0.2', 8080);

function talk(): Talk {
  return new Talk(client, server).handshake();
}

/** `method target -> status (request body, response body)` of each session, and its faults. */
function lines(results: readonly Result[]): string[] {
  return results.map((r) => {
    const a = r.attributes;
    const query = a['url.query'] === undefined ? '' : `?${a['url.query']}`;
    const request = `${a['http.request.method'] ?? '?'} ${a['url.path'] ?? ''}${query}`;
    const sizes = `(${a['http.request.body.size'] ?? ''}, ${a['http.response.body.size'] ?? ''})`;
    const flaws = [r.reason, r.incomplete].filter((s) => s !== '').map((s) => ` ${s}`);
    return `${request} -> ${a['http.response.status_code'] ?? ''} ${sizes}${flaws.join('')}`;
  });
}

function of(t: Talk): string[] {
  return lines(runFrames(t.close().frames).results);
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
const ok = (body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test('keep-alive', () => {
  const t = talk().ask(get('/a')).answer(ok('one')).ask(get('/b?x=1')).answer(ok('three'));
  assert.deepEqual(of(t), ['GET /a -> 200 (0, 3)', 'GET /b?x=1 -> 200 (0, 5)']);
});

test('pipelining', () => {
  const t = talk()
    .ask(get('/1') + get('/2') + get('/3'))
    .answer(`${ok('x')}HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno`)
    .answer('HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n');
  assert.deepEqual(of(t), ['GET /1 -> 200 (0, 1)', 'GET /2 -> 404 (0, 2)', 'GET /3 -> 304 (0, 0)']);
});

test('sequence numbers, times and fields', () => {
  const t = talk();
  const head =
    'POST /v1/items/42?token=abc&q=x HTTP/1.1\r\nhOsT: shop.example:81\r\n' +
    'User-Agent:  curl/8 \r\nContent-Length: 4\r\nX-Request-Id: r-1\r\n' +
    'Authorization: Bearer s3cret\r\nCookie: a=s3cret\r\n\r\n';
  t.ask(head).ask('ab').ask('cd').answer('HTTP/1.0 503 No\r\nX-Request-ID: r-2\r\n\r\nbye');
  const [r, ...rest] = runFrames(t.close().frames).results;
  assert.deepEqual(rest, []);
  assert.deepEqual(
    { ...r, attributes: undefined },
    {
      protocol: 'http',
      client: '10.0.0.1 40000',
      server: '10.0.0.2 8080',
      reason: '',
      name: 'POST /v1/items',
      attributes: undefined,
      error: '503',
      requestSequence: 1001,
      responseSequence: 5001,
      start: 1_700_000_000_003_000_000n,
      end: 1_700_000_000_006_000_000n,
      incomplete: '',
    },
  );
  assert.deepEqual(r?.attributes, {
    'http.request.method': 'POST',
    'url.scheme': 'http',
    'url.path': '/v1/items/42',
    'url.query': 'token=REDACTED&q=x',
    'http.request.header.host': ['shop.example:81'],
    'user_agent.original': 'curl/8',
    'http.request.body.size': 4,
    'http.request.size': head.length + 4,
    'wirestitch.endpoint': '/v1/items',
    'http.response.status_code': 503,
    'http.response.body.size': 3,
    'http.response.size': 41,
    'network.protocol.version': '1.1',
  });
  assert.ok(
    !JSON.stringify(r, (_, v) => (typeof v === 'bigint' ? String(v) : v)).includes('s3cret'),
  );
});

test('chunked bodies, with extensions and trailers, cut anywhere', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n';
  const body = '5;name="v;1"\r\nhello\r\n0A \r\n0123456789\r\n000\r\nTrailer: x\r\nB: y\r\n\r\n';
  const all = head + body + ok('next');
  for (let cut = 1; cut < all.length; cut++) {
    const t = talk().ask(get('/a') + get('/b'));
    t.answer(all.slice(0, cut)).answer(all.slice(cut));
    assert.deepEqual(of(t), ['GET /a -> 200 (0, 15)', 'GET /b -> 200 (0, 4)'], `cut ${cut}`);
  }
});

test('a chunked request', () => {
  const head = 'POST /up HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n';
  const t = talk().ask(head).ask('3\r\nabc\r\n').ask('0\r\n\r\n').answer(ok(''));
  assert.deepEqual(of(t), ['POST /up -> 200 (3, 0)']);
});

test('responses without a body: HEAD, 204, 304', () => {
  const t = talk()
    .ask('HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n')
    .answer('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
    .ask(get('/n'))
    .answer('HTTP/1.1 204 No Content\r\n\r\n')
    .ask(get('/z'))
    .answer(ok('z'));
  assert.deepEqual(of(t), [
    'HEAD /h -> 200 (0, 0)',
    'GET /n -> 204 (0, 0)',
    'GET /z -> 200 (0, 1)',
  ]);
});

test('100-continue is no answer', () => {
  const t = talk()
    .ask('PUT /f HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n')
    .answer('HTTP/1.1 100 Continue\r\n\r\n')
    .ask('abc')
    .answer(
      'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n' +
        'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n',
    );
  assert.deepEqual(of(t), ['PUT /f -> 201 (3, 0)']);
});

test('an upgrade ends what is parsed', () => {
  const t = talk()
    .ask('GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    .answer('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n')
    .ask(get('/not-http'))
    .answer(ok('no'));
  assert.deepEqual(of(t), ['GET /ws -> 101 (0, 0)']);
});

test('CONNECT: a tunnel, or refused', () => {
  const connect = 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n';
  const tunnel = talk().ask(connect).answer('HTTP/1.1 200 Connected\r\n\r\n').ask(get('/tls'));
  assert.deepEqual(of(tunnel), ['CONNECT  -> 200 (0, 0)']);
  const refused = talk()
    .ask(connect)
    .answer('HTTP/1.1 403 Forbidden\r\nContent-Length: 1\r\n\r\nx')
    .ask(get('/plain'))
    .answer(ok('y'));
  assert.deepEqual(of(refused), ['CONNECT  -> 403 (0, 1)', 'GET /plain -> 200 (0, 1)']);
});

test('a response up to the end of the connection', () => {
  const t = talk().ask(get('/old')).answer('HTTP/1.0 200 OK\r\n\r\nsome').answer('more');
  assert.deepEqual(of(t), ['GET /old -> 200 (0, 8)']);
});

test('what a server must refuse is no request, and what follows is found again', () => {
  const f = (request: string): void => {
    const t = talk().ask(request).answer('HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n');
    const { results, stats } = runFrames(t.ask(get('/next')).answer(ok('n')).close().frames);
    const found = lines(results).filter((line) => !line.startsWith('?'));
    assert.deepEqual(found, ['GET /next -> 200 (0, 1)'], request);
    assert.equal(stats.drops['http/malformed'], 1, request);
  };
  f('GET /fold HTTP/1.1\r\nHost: h\r\n continued\r\n\r\n');
  f('GET /space HTTP/1.1\r\nHost : h\r\n\r\n');
  f('GET /two HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n');
  f('GET /sign HTTP/1.1\r\nContent-Length: +1\r\n\r\n');
  f('GET /cr HTTP/1.1\r\nA: b\rc\r\n\r\n');
  f('GET /nul HTTP/1.1\r\nA: \0\r\n\r\n');
  f('GET /noname HTTP/1.1\r\n: x\r\n\r\n');
});

test('absolute targets, odd methods, bytes beyond ASCII', () => {
  const t = talk()
    .ask('GET http://user:pw@proxy.example/p?session_id=1 HTTP/1.1\r\nHost: h\r\n\r\n')
    .answer(ok(''))
    .ask('BREW /pot\xe9 HTTP/1.1\r\nHost: h\r\n\r\n')
    .answer(ok(''));
  const { results } = runFrames(t.close().frames);
  assert.deepEqual(lines(results), [
    'GET /p?session_id=REDACTED -> 200 (0, 0)',
    '_OTHER /pot%E9 -> 200 (0, 0)',
  ]);
  assert.equal(results[1]?.attributes['http.request.method_original'], 'BREW');
});

test('a head longer than 64 KiB is given up', () => {
  const t = talk()
    .ask(`GET /long HTTP/1.1\r\nX: ${'x'.repeat(40_000)}`)
    .ask('y'.repeat(40_000));
  t.answer('HTTP/1.1 431 Too Large\r\nContent-Length: 0\r\n\r\n');
  const { results, stats } = runFrames(t.ask(get('/next')).answer(ok('n')).close().frames);
  assert.deepEqual(lines(results), ['?  -> 431 (, 0) request_missing', 'GET /next -> 200 (0, 1)']);
  assert.equal(stats.drops['http/too_large'], 1);
});

test('a head of more than 256 fields is given up, the next is read', () => {
  const flood = (n: number) => `GET /${n} HTTP/1.1\r\n${'a: b\r\n'.repeat(n)}\r\n`;
  const t = talk().ask(flood(256)).answer(ok('a')).ask(flood(257)).answer(ok('b'));
  const { results, stats } = runFrames(t.ask(get('/next')).answer(ok('n')).close().frames);
  const found = lines(results);
  assert.equal(found[0], 'GET /256 -> 200 (0, 1)');
  assert.equal(found.at(-1), 'GET /next -> 200 (0, 1)');
  assert.ok(!found.some((line) => line.startsWith('GET /257')));
  assert.equal(stats.drops['http/malformed'], 1);
});

test('one request at a time in single bytes', () => {
  const t = talk();
  for (const c of get('/slow')) t.ask(c);
  for (const c of ok('abc')) t.answer(c);
  const { results } = runFrames(t.close().frames);
  assert.deepEqual(lines(results), ['GET /slow -> 200 (0, 3)']);
  assert.equal(results[0]?.requestSequence, 1001);
  assert.equal(results[0]?.responseSequence, 5001);
});

test('other protocols on the port are not taken for HTTP', () => {
  const f = (text: string): void => assert.deepEqual(of(talk().ask(text).answer(text)), [], text);
  f('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  f('GET key\r\n');
  f('GETX\r\n');
  f('\x16\x03\x01\x02\x00\x01\x00\x01\xfc');
  f('SSH-2.0-OpenSSH_9.2\r\n');
  f('*1\r\n$4\r\nPING\r\n');
  f('HTTP/9.9 200 OK\r\n\r\n');
});

test('trace headers', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const f = (header: string): string => {
    const t = talk().ask(`GET / HTTP/1.1\r\n${header}\r\n\r\n`).answer(ok(''));
    let found = 'none';
    runFrames(t.close().frames, {
      protocols: [spying((seen) => (found = seen))],
    });
    return found;
  };
  assert.equal(f(`traceparent: 00-${trace}-00f067aa0ba902b7-01`), `${trace} 00f067aa0ba902b7`);
  assert.equal(f(`traceparent: ff-${trace}-00f067aa0ba902b7-01`), 'none');
  assert.equal(f(`traceparent: 00-${'0'.repeat(32)}-00f067aa0ba902b7-01`), 'none');
  assert.equal(
    f(`b3: ${trace.slice(16)}-00f067aa0ba902b7-1`),
    `${'0'.repeat(16)}${trace.slice(16)} 00f067aa0ba902b7`,
  );
  assert.equal(f('b3: 0'), 'none');
  assert.equal(
    f(`X-B3-TraceId: ${trace}\r\nX-B3-SpanId: 00f067aa0ba902b7`),
    `${trace} 00f067aa0ba902b7`,
  );
  assert.equal(f(`uber-trace-id: ${trace}:f067aa0ba902b7:0:1`), `${trace} 00f067aa0ba902b7`);
  // the ids of SkyWalking's texts `TRACE` and `SEG`, span 3
  const sw8 = '52501fbf32a2eeb84b26ed7cba42fa43 596b495ba722e819';
  assert.equal(f('sw8: 1-VFJBQ0U=-U0VH-3-c-d-e-f'), sw8);
});

/** HTTP whose sessions tell their trace context. */
function spying(tell: (trace: string) => void): Protocol {
  const protocol = http1();
  return {
    ...protocol,
    describe: (request, response, options, out) => {
      const t = request?.trace;
      if (t !== undefined) tell(`${t.traceId || t.rawTraceId} ${t.spanId || t.rawSpanId}`);
      protocol.describe(request, response, options, out);
    },
  };
}

test('cutting a conversation anywhere does not change what is found', () => {
  const requests =
    get('/1') +
    'POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello' +
    'HEAD /3 HTTP/1.1\r\nHost: h\r\n\r\n' +
    'PUT /4 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n';
  const responses =
    ok('first') +
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n' +
    'HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n' +
    'HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n';
  const want = [
    'GET /1 -> 200 (0, 5)',
    'POST /2 -> 200 (5, 1)',
    'HEAD /3 -> 200 (0, 0)',
    'PUT /4 -> 500 (2, 0)',
  ];
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sizes, sizes, (up, down) => {
      const t = talk();
      for (const piece of cut(requests, up)) t.ask(piece);
      for (const piece of cut(responses, down)) t.answer(piece);
      assert.deepEqual(of(t), want);
    }),
    { numRuns: 200 },
  );
});

function cut(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = sizes[i % sizes.length]!;
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

test('random bytes after a good start: no throw, no invented request', () => {
  const noise = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 });
  fc.assert(
    fc.property(noise, noise, (up, down) => {
      const t = talk().ask(get('/good')).answer(ok('yes'));
      for (const piece of up) t.ask(piece);
      for (const piece of down) t.answer(piece);
      const found = of(t).filter((line) => !line.startsWith('?'));
      assert.deepEqual(found, ['GET /good -> 200 (0, 3)']);
    }),
    { numRuns: 300 },
  );
});
