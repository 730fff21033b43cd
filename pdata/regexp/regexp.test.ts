import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileRegexp, RegexpError } from './index.ts';
import { handWritten, randomPattern, randomText } from './testing/patterns.ts';

interface Answer {
  readonly error?: string;
  readonly names?: readonly string[];
  readonly found?: readonly {
    readonly matches: readonly (readonly (string | null)[])[];
    readonly replaced: string;
  }[];
}

interface Question {
  readonly pattern: string;
  readonly texts: readonly string[];
  readonly template: string;
}

/** Go's answers; undefined without a Go compiler. */
function askGo(questions: readonly Question[]): Answer[] | undefined {
  if (spawnSync('go', ['version']).status !== 0) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'regexp-oracle-'));
  try {
    const program = join(directory, 'oracle');
    const source = join(import.meta.dirname, 'testdata/oracle.go');
    execFileSync('go', ['build', '-o', program, source], { stdio: 'pipe' });
    const input = questions.map((q) => JSON.stringify(q)).join('\n');
    const output = execFileSync(program, { input, maxBuffer: 1 << 28, encoding: 'utf8' });
    return output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function ourAnswer(question: Question): Answer {
  let regexp: ReturnType<typeof compileRegexp>;
  try {
    regexp = compileRegexp(question.pattern);
  } catch (error) {
    assert.ok(error instanceof RegexpError, String(error));
    return { error: error.message };
  }
  const found = question.texts.map((text) => {
    const matches = regexp.matches(text);
    const groups = matches.map((m) => m.groups.map((group) => group ?? null));
    const bytes = Buffer.from(`<${text}>`);
    assert.equal(regexp.test(text), groups.length > 0, `test of ${regexp.pattern} on ${text}`);
    assert.equal(regexp.testBytes(bytes, 1, bytes.length - 1), groups.length > 0);
    assert.equal(regexp.exec(text)?.index, matches[0]?.index);
    for (const m of matches) assert.equal(text.slice(m.index, m.end), m.groups[0]);
    return { matches: groups, replaced: regexp.replaceAll(text, question.template) };
  });
  return { ...(regexp.groupNames.length > 0 && { names: regexp.groupNames }), found };
}

test('the same as Go: patterns, matches, groups, replacements, errors', (t) => {
  const random = fc.sample(
    fc.record({
      pattern: randomPattern,
      texts: fc.array(randomText, { minLength: 3, maxLength: 6 }),
      template: fc.constantFrom('<$0>', '[$1]', '${2}x$$', '$n-$9', '$1x', 'a$', '${bad', '$01'),
    }),
    { numRuns: 3000, seed: Number(process.env.SEED ?? Date.now() % 1e9) },
  );
  const questions = [...handWritten, ...random];
  const answers = askGo(questions);
  if (answers === undefined) return t.skip('no Go compiler');
  const differing = questions.flatMap((question, i) => {
    const ours = ourAnswer(question);
    const go = answers[i]!;
    if (JSON.stringify(ours) === JSON.stringify(go)) return [];
    const at = ours.found?.findIndex((f, k) => JSON.stringify(f) !== JSON.stringify(go.found?.[k]));
    const text = at === undefined ? undefined : question.texts[at];
    return [
      JSON.stringify({
        pattern: question.pattern,
        text,
        ours: ours.found?.[at!] ?? ours.error,
        go: go.found?.[at ?? 0] ?? go.error,
      }),
    ];
  });
  assert.deepEqual(differing.slice(0, 30), []);
});

test('patterns and texts made to backtrack end soon', () => {
  const patterns = ['(a+)+b', '(a+)+$', '(a|a)*ab', '(a|aa)+b', '(a*)*bc', '.*.*.*=.*.*b', '(a+)+'];
  patterns.push(
    '(a?){30}a{30}b',
    '(?:a{1,20}){1,20}b',
    '((a)|a+)*b$',
    '^(\\w+\\s?)*$',
    '(a|b|ab)*bc',
  );
  // Each takes days where it backtracks: that the test ends is what it says.
  for (const length of [40, 400, 20_000]) {
    // holds the letters that the patterns need: none is refused at a glance
    const long = `bb=c${'a'.repeat(length)}!`;
    for (const pattern of patterns) {
      const regexp = compileRegexp(pattern);
      const found = regexp.exec(long);
      assert.equal(regexp.test(long), found !== undefined, pattern);
      assert.equal(found === undefined, pattern !== '(a+)+', pattern);
      assert.equal(regexp.replaceAll(long, 'x') === long, found === undefined, pattern);
    }
  }
});

test('a refused pattern says what Go says', () => {
  assert.throws(() => compileRegexp('a(b'), {
    name: 'RegexpError',
    pattern: 'a(b',
    message: 'error parsing regexp: missing closing ): `a(b`',
  });
});

test('fixed texts in bytes end where the range ends', () => {
  const bytes = Buffer.from(`${'x'.repeat(300)}needle`);
  const found = (pattern: string, start: number, end: number) =>
    compileRegexp(pattern).testBytes(bytes, start, end);
  assert.equal(found('needle', 0, 306), true);
  assert.equal(found('needle', 0, 305), false);
  assert.equal(found('needle', 301, 306), false);
  assert.equal(found('^needle$', 300, 306), true);
  assert.equal(found('^needle$', 299, 306), false);
  assert.equal(found('^nee', 300, 302), false);
  assert.equal(found('dle$', 303, 306), true);
  assert.equal(found('dle$', 304, 306), false);
});
