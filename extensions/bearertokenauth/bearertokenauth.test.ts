import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { factory } from './index.ts';
import { tokensOf } from './tokens.ts';

const create = (given: object) =>
  factory.create(
    realTimeSettings(systemClock, { id: 'bearertokenauth' }),
    factory.config.parse(given),
  );
const headers = (value?: string) =>
  new Map(value === undefined ? [] : [['authorization', [value]] as const]);

test('a server takes its tokens and nothing else', async () => {
  const { capabilities } = create({ tokens: ['a', 'bb'] });
  const ask = (value?: string) => capabilities.serverAuth!.authenticate(headers(value), '');
  assert.equal(ask('Bearer a'), undefined);
  assert.equal(ask('Bearer bb'), undefined);
  for (const wrong of ['Bearer b', 'bearer a', 'a', 'Bearer a ', '']) {
    assert.throws(() => ask(wrong), /does not match expected scheme or token/, wrong);
  }
  assert.throws(() => ask(), /missing or empty authorization header: Authorization/);
});

test('a client sends the first token in the header that it is told', () => {
  const { clientAuth } = create({ tokens: ['a', 'b'], header: 'X-Token', scheme: '' }).capabilities;
  const request = { headers: new Map(), client: undefined };
  assert.deepEqual(clientAuth!.headers(request), [['x-token', 'a']]);
  assert.equal(clientAuth!.headers(request), clientAuth!.headers(request), 'the same array');
  assert.equal(clientAuth!.needsTls, true);
});

test('a file of tokens is followed', { timeout: 30_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tokens-'));
  const filename = join(dir, 'tokens');
  const extension = create({ filename });
  try {
    await assert.rejects(extension.start(), /cannot read credentials file ".*tokens"/);
    writeFileSync(filename, '# comment\n');
    const { serverAuth, clientAuth } = extension.capabilities;
    writeFileSync(filename, ' one  the first\n\ntwo\n');
    await extension.start();
    serverAuth!.authenticate(headers('Bearer two'), '');
    const sent = () => clientAuth!.headers({ headers: new Map(), client: undefined });
    assert.deepEqual(sent(), [['authorization', 'Bearer one']]);
    writeFileSync(filename, 'three\n');
    while (JSON.stringify(sent()) !== '[["authorization","Bearer three"]]') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.throws(() => serverAuth!.authenticate(headers('Bearer two'), ''), /does not match/);
  } finally {
    await extension.shutdown();
    rmSync(dir, { recursive: true });
  }
});

test('tokens of a text are the first words of its lines', () => {
  const word = fc.stringMatching(/^[!-~]{1,20}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(word, fc.constantFrom('', ' x', '\ty z'))), (lines) => {
      const text = lines.map(([token, rest]) => `  ${token}${rest}\n`).join('\n');
      assert.deepEqual(
        tokensOf(text),
        lines.map(([token]) => token),
      );
    }),
  );
});

test('configuration', () => {
  const message = (given: object) => factory.config.safeParse(given).error?.issues[0]?.message;
  assert.equal(message({}), 'no bearer token provided');
  assert.equal(message({ token: '' }), 'no bearer token provided');
  assert.match(message({ token: 'a', tokens: ['b'] }) ?? '', /either tokens or token/);
  assert.equal(message({ token: 'a', filename: 'x' }), undefined);
});
