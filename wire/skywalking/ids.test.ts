import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { spanIdOf, traceIdOf } from './ids.ts';

describe('trace ids', () => {
  const is = (text: string, id: string) => assert.equal(traceIdOf(text), id);

  it('of UUIDs are their bytes', () => {
    is('de5980b8fce34a37aab9b4ac3af7eedd', 'de5980b8fce34a37aab9b4ac3af7eedd');
    is('de5980b8-fce3-4a37-aab9-b4ac3af7eedd', 'de5980b8fce34a37aab9b4ac3af7eedd');
    is('DE5980B8-FCE3-4A37-AAB9-B4AC3AF7EEDD', 'de5980b8fce34a37aab9b4ac3af7eedd');
  });

  it('of Java are folded as in the Go collector', () => {
    // what its translator gives
    is('de5980b8fce34a37aab9b4ac3af7eedd.1.16563474296430001', 'de5980b8fde34a371be41bcd5e2fd4dd');
  });

  it('fold any thread and time below 2^63', () => {
    const part = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), part, part, (uid, a, b) => {
        const id = Buffer.from(uid);
        const text = `${id.toString('hex')}.${a}.${b}`;
        id.writeUInt32LE((id.readUInt32LE(4) ^ Number(a & 0xffffffffn)) >>> 0, 4);
        id.writeBigUInt64LE(id.readBigUInt64LE(8) ^ b, 8);
        fc.pre(id.some((byte) => byte !== 0));
        is(text, id.toString('hex'));
      }),
      { numRuns: 300 },
    );
  });

  it('of anything else are hashes: the same everywhere, never zero', () => {
    is('trace', '687c60b7c793dc33d94df3805ac3f5fd');
    const seen = new Set<string>();
    const texts = ['', 'x', 'y', '00000000000000000000000000000000', 'ab'.repeat(15), 'é'];
    texts.push('00000000-0000-0000-0000-000000000000', `${'ab'.repeat(16)}.1.2.3`);
    texts.push(`${'ab'.repeat(16)}.1.9223372036854775808`, `${'ab'.repeat(16)}.-1.2`);
    for (const text of texts) {
      const id = traceIdOf(text);
      assert.match(id, /^[0-9a-f]{32}$/);
      assert.notEqual(id, '0'.repeat(32));
      seen.add(id);
    }
    assert.equal(seen.size, texts.length);
  });
});

describe('span ids', () => {
  it('are the same everywhere', () => {
    assert.equal(spanIdOf('11f72bc1c8414c2cb953af8b95d2b239', 0), 'd198c0574aed9d1c');
    assert.equal(spanIdOf('605b22e851bc445382edc941549cb132', 1), '9aad2a683c82e29e');
  });

  it('of 16 hex digits are those, whatever the number', () => {
    assert.equal(spanIdOf('00f067aa0ba902b7', 0), '00f067aa0ba902b7');
    assert.equal(spanIdOf('00F067AA0BA902B7', 5), '00f067aa0ba902b7');
    assert.notEqual(spanIdOf('0000000000000000', 0), '0000000000000000');
  });

  it('differ where the fold of the Go collector gives one id to spans of two segments', () => {
    const segment = (time: number): string => `56a5e1c519ae4c76a2b8b11d92cead7f.12.${time}`;
    const fold = (time: number, index: number): bigint => {
      const id = Buffer.from('56a5e1c519ae4c76a2b8b11d92cead7f', 'hex');
      id.writeUInt32LE((id.readUInt32LE(0) ^ index) >>> 0, 0);
      id.writeUInt32LE((id.readUInt32LE(4) ^ 12) >>> 0, 4);
      return id.readBigUInt64LE(0) ^ id.readBigUInt64LE(8) ^ BigInt(time);
    };
    assert.equal(fold(16563474296430000, 2), fold(16563474296430002, 0));
    assert.notEqual(
      spanIdOf(segment(16563474296430000), 2),
      spanIdOf(segment(16563474296430002), 0),
    );
  });

  it('of one process, thread and millisecond are all different', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 500; i += 1) {
      const segment = `56a5e1c519ae4c76a2b8b11d92cead7f.12.${16563474296430000n + BigInt(i)}`;
      for (let span = 0; span < 20; span += 1) seen.add(spanIdOf(segment, span));
    }
    assert.equal(seen.size, 10_000);
  });
});
