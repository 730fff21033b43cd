import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineEndpoint, Extension } from '../../component/extension.ts';
import type { ProgramConfig } from '../config/program.ts';
import { addressLines } from './addresses.ts';

/** What a program with one engine prints. */
function printed(engine: Partial<EngineEndpoint>): string {
  const endpoint: EngineEndpoint = {
    url: 'http://127.0.0.1:8123',
    username: 'default',
    password: 'the-password',
    endQuery: async () => {},
    ...engine,
  };
  const extension: Extension = {
    capabilities: { engine: endpoint },
    async start() {},
    async shutdown() {},
  };
  const component = { factory: { type: 'embedded_clickhouse' }, config: {} };
  const config = {
    extensions: ['engine'],
    components: { extension: new Map([['engine', component]]), receiver: new Map() },
  } as unknown as ProgramConfig;
  return addressLines(config, new Map([['engine', extension]]));
}

test('a generated password is told, one that was given is not', () => {
  assert.match(
    printed({ passwordGenerated: true }),
    /http:\/\/127\.0\.0\.1:8123 \(user default, password the-password\)/,
  );
  for (const given of [{ passwordGenerated: false }, {}]) {
    const text = printed(given);
    assert.match(text, /http:\/\/127\.0\.0\.1:8123 \(user default\)/);
    assert.doesNotMatch(text, /the-password/);
  }
});

test('an engine without a TCP listener has no address', () => {
  assert.equal(printed({ url: '' }), '');
});
