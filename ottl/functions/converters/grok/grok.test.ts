import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRegexp } from '../../../../pdata/regexp/index.ts';
import { convert, dynamic } from '../testing.ts';
import { basePatterns } from './base-patterns.ts';
import { compileGrok } from './grok.ts';
import { logPatterns } from './log-patterns.ts';

const lookup = (name: string) => logPatterns.get(name) ?? basePatterns.get(name);

test('every pattern resolves', () => {
  for (const name of [...logPatterns.keys(), ...basePatterns.keys()]) {
    // written so that no engine takes it, wherever it is known
    if (name === 'CISCOFW733100') continue;
    const { regexp } = compileGrok(`%{${name}}`, false, lookup);
    assert.ok(regexp.groupNames.includes(name), name);
  }
});

test('addresses of all forms', () => {
  const whole = compileRegexp(`^(?:${basePatterns.get('IPV6')})$`);
  for (const good of [
    '::1',
    '::',
    '2001:db8::8:800:200c:417a',
    '1:2:3:4:5:6:7:8',
    '::ffff:1.2.3.4',
    'fe80::1%eth0',
  ]) {
    assert.ok(whole.test(good), good);
  }
  for (const bad of ['1:2:3', ':::', '1::2::3', '12345::', '1.2.3.4'])
    assert.ok(!whole.test(bad), bad);
});

test('a pattern that refers to itself is refused', () => {
  const args = {
    target: dynamic('x'),
    pattern: { isLiteral: true, get: () => '%{LOOP}' },
    pattern_definitions: ['LOOP=a%{LOOP}%{LOOP}'],
  };
  assert.throws(() => convert('ExtractGrokPatterns', args), /grows beyond|not a valid pattern/);
});

test('types', () => {
  const fields = convert('ExtractGrokPatterns', {
    target: dynamic('42 1.5 true x'),
    pattern: {
      isLiteral: true,
      get: () => '%{INT:i:int} %{NUMBER:d:float} %{WORD:b:bool} %{WORD:a.b}',
    },
    named_captures_only: true,
  });
  assert.deepEqual(
    fields,
    new Map<string, unknown>([
      ['i', 42n],
      ['d', 1.5],
      ['b', true],
      ['a.b', 'x'],
    ]),
  );
});
