import { editorCases } from './cases/editors.ts';
import { encodingCases } from './cases/encodings.ts';
import { grokCases } from './cases/grok.ts';
import { listCases } from './cases/lists.ts';
import { numberCases } from './cases/numbers.ts';
import { parserCases } from './cases/parsers.ts';
import { randomGroup } from './cases/random.ts';
import { regexpCases } from './cases/regexps.ts';
import { textCases } from './cases/text.ts';
import { timeCases } from './cases/times.ts';
import { xmlCases } from './cases/xml.ts';
import type { Group } from './model.ts';

/** All groups, each with a name of its own. */
export const groups: readonly Group[] = [
  ...editorCases,
  ...encodingCases,
  ...grokCases,
  ...listCases,
  ...numberCases,
  ...parserCases,
  randomGroup('Random', 1, 400),
  ...regexpCases,
  ...textCases,
  ...timeCases,
  ...xmlCases,
];
