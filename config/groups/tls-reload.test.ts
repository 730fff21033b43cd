import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { z } from 'zod';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { Authority } from '../../integration/lib/certificates.ts';
import { fakeClock } from '../../testing/clock.ts';
import { listLogger, realTimeSettings } from '../../testing/settings.ts';
import { serveHttp } from './http-listen.ts';
import { createServer } from './http-run.ts';
import { httpServerKeys } from './http-server.ts';
import { tlsClient } from './tls.ts';
import { loadTlsClient } from './tls-load.ts';
import { tlsClientSource } from './tls-reload.ts';

const schema = z.strictObject(httpServerKeys('127.0.0.1:0'));

/** A folder with an authority, gone after the test. */
async function within(run: (dir: string, authority: Authority) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tls-'));
  try {
    await run(dir, new Authority(dir));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function start(tls: object) {
  const settings = realTimeSettings(systemClock, { id: 'x' });
  const listener = await serveHttp(schema.parse({ tls }), settings, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    response.end(String(subject?.CN ?? 'nobody'));
  });
  const { port } = listener.address as AddressInfo;
  return { settings, port, close: () => listener.close(0) };
}

/** The server's name and what it answers. */
async function ask(port: number, given: object): Promise<readonly [string, string]> {
  const tls = await loadTlsClient(tlsClient().parse(given));
  const call = https.get({ host: 'localhost', port, agent: false, ...tls });
  const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
  const { subject } = (response.socket as TLSSocket).getPeerCertificate();
  let text = '';
  for await (const chunk of response) text += chunk;
  return [String(subject.CN), text];
}

async function eventually<T>(get: () => Promise<T>, wanted: T): Promise<void> {
  const untilMs = performance.now() + 120_000;
  for (;;) {
    const got = await get().catch((error: Error) => error.message);
    if (JSON.stringify(got) === JSON.stringify(wanted)) return;
    if (performance.now() > untilMs) assert.deepEqual(got, wanted);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('certificates that change are taken, broken ones are not', async () => {
  await within(async (dir, authority) => {
    const cert_file = join(dir, 'server.pem');
    const key_file = join(dir, 'server.key');
    const use = ({ cert, key }: { cert: string; key: string }) => {
      copyFileSync(key, key_file);
      copyFileSync(cert, cert_file);
    };
    use(authority.issue('first'));
    const server = await start({ cert_file, key_file, reload_interval: '20ms' });
    const client = { ca_file: authority.file };
    try {
      assert.deepEqual(await ask(server.port, client), ['first', 'nobody']);
      use(authority.issue('second'));
      await eventually(() => ask(server.port, client), ['second', 'nobody'] as const);
      writeFileSync(cert_file, 'broken');
      const warned = async () =>
        server.settings.logger.lines.some((l) => l.message === 'Failed to reload TLS certificates');
      await eventually(warned, true);
      assert.deepEqual(await ask(server.port, client), ['second', 'nobody']);
    } finally {
      await server.close();
    }
  });
});

test('clients show certificates, and the authority of these may change', async () => {
  await within(async (dir, authority) => {
    const { cert, key } = authority.issue('server');
    const one = new Authority(dir, 'one');
    const two = new Authority(dir, 'two');
    const client_ca_file = join(dir, 'clients.pem');
    copyFileSync(one.file, client_ca_file);
    const mutual = { cert_file: cert, key_file: key, client_ca_file, client_ca_file_reload: true };
    const server = await start(mutual);
    const as = (from: Authority, name: string) => {
      const pair = from.issue(name);
      return { ca_file: authority.file, cert_file: pair.cert, key_file: pair.key };
    };
    try {
      const [a, b] = [as(one, 'a'), as(two, 'b')];
      assert.deepEqual(await ask(server.port, a), ['server', 'a']);
      await assert.rejects(ask(server.port, b));
      await assert.rejects(ask(server.port, { ca_file: authority.file }));
      copyFileSync(two.file, client_ca_file);
      await eventually(() => ask(server.port, b), ['server', 'b'] as const);
      await assert.rejects(ask(server.port, a));
    } finally {
      await server.close();
    }
  });
});

test('what a client checks and offers', async () => {
  await within(async (_dir, authority) => {
    const { cert, key } = authority.issue('server');
    const pem = (path: string) => readFileSync(path, 'utf8');
    const server = await start({
      cert_pem: pem(cert),
      key_pem: pem(key),
      min_version: '1.3',
      curve_preferences: ['X25519'],
    });
    try {
      const ca_pem = pem(authority.file);
      assert.deepEqual(await ask(server.port, { ca_pem }), ['server', 'nobody']);
      await assert.rejects(ask(server.port, {}), /certificate/);
      assert.equal((await ask(server.port, { insecure_skip_verify: true }))[0], 'server');
      const named = { ca_pem, server_name_override: 'elsewhere' };
      await assert.rejects(ask(server.port, named), /elsewhere/);
      await assert.rejects(ask(server.port, { ca_pem, max_version: '1.2' }));
      await assert.rejects(ask(server.port, { ca_pem, curve_preferences: ['P521'] }));
    } finally {
      await server.close();
    }
  });
});

test('TLS below 1.2 where it is asked for', async () => {
  await within(async (_dir, authority) => {
    const { cert, key } = authority.issue('server');
    const old = { min_version: '1.0', max_version: '1.1' };
    const server = await start({ cert_file: cert, key_file: key, ...old });
    try {
      assert.equal((await ask(server.port, { ca_file: authority.file, ...old }))[0], 'server');
      await assert.rejects(ask(server.port, { ca_file: authority.file }));
    } finally {
      await server.close();
    }
  });
});

test('names that are none are told when certificates are loaded', async () => {
  const load = (given: object) => loadTlsClient(tlsClient().parse(given));
  await assert.rejects(load({ cipher_suites: ['A', 'B'] }), /invalid TLS cipher suite: "A", "B"/);
  await assert.rejects(load({ curve_preferences: ['P999'] }), /invalid curve type: P999/);
  await assert.rejects(load({ ca_pem: 'x' }), /failed to parse cert/);
  await assert.rejects(
    load({ cert_pem: 'x', key_pem: 'y' }),
    /cannot load TLS certificate and key/,
  );
  const weak = { cipher_suites: ['TLS_RSA_WITH_AES_128_GCM_SHA256'] };
  await assert.rejects(load(weak), /invalid TLS cipher suite/);
  const { ciphers } = await load({ ...weak, include_insecure_cipher_suites: true });
  assert.match(ciphers ?? '', /AES128-GCM-SHA256$/);
});

test('certificates of a client are read again when they are old enough', async () => {
  await within(async (dir, authority) => {
    const clock = fakeClock();
    const logger = listLogger();
    const { cert, key } = authority.issue('client');
    const given = { cert_file: cert, key_file: key, reload_interval: '1m' };
    const source = tlsClientSource(tlsClient().parse(given), { clock, logger });
    const first = await source();
    assert.equal(await source(), first, 'the same object');
    await clock.advance(60_000);
    const second = await source();
    assert.notEqual(second, first);
    writeFileSync(join(dir, 'client.pem'), 'broken');
    await clock.advance(60_000);
    assert.equal(await source(), second);
    assert.equal(logger.lines.length, 1);
    const once = tlsClientSource(tlsClient().parse({ ca_file: join(dir, 'none') }), {
      clock,
      logger,
    });
    await assert.rejects(once(), /cannot read TLS file/);
  });
});

test('a handshake over HTTPS takes ten seconds at most', async () => {
  await within(async (_, authority) => {
    const { cert, key } = authority.issue('server');
    const server = await createServer(schema.parse({ tls: { cert_file: cert, key_file: key } }));
    const name = 'handshake-timeout';
    const symbol = Object.getOwnPropertySymbols(server).find((s) => s.description === name);
    assert.equal((server as unknown as Record<symbol, unknown>)[symbol!], 10_000);
  });
});
