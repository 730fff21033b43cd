import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visibleText } from './visible-text.ts';

test('what cannot be seen is made visible, everything else stays', () => {
  assert.equal(visibleText('GET /a?b=<script>'), 'GET /a?b=<script>');
  assert.equal(visibleText('a\u0000b\nc\u007f'), 'a\u2400b\u240ac\u2421');
  assert.equal(visibleText('x\u202egpj.exe'), 'x<U+202E>gpj.exe');
  assert.equal(visibleText('\ufeffa\u200bb\u0085'), '<U+FEFF>a<U+200B>b<U+0085>');
  assert.equal(visibleText('日本 עברית é'), '日本 עברית é');
});
