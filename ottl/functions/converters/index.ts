import type { OttlFunction } from '../types.ts';
import { caseConverters } from './case.ts';
import { encodingConverters } from './encodings.ts';
import { grokConverter } from './grok/index.ts';
import { hashConverters } from './hashes.ts';
import { idConverters } from './ids.ts';
import { typeTests } from './is-type.ts';
import { keyValueConverters } from './key-values.ts';
import { listConverters } from './lists.ts';
import { networkConverters } from './network.ts';
import { numberConverters } from './numbers.ts';
import { parseCsvConverter } from './parse-csv.ts';
import { parseJsonConverter } from './parse-json.ts';
import { parseSeverityConverter } from './parse-severity.ts';
import { formatConverter } from './printf/index.ts';
import { regexpConverters } from './regexps.ts';
import { textConverters } from './text.ts';
import { timeConverters } from './time/index.ts';
import { urlConverter } from './url.ts';
import { userAgentConverter } from './user-agent.ts';
import { xmlConverters } from './xml/index.ts';

/** Every converter but IsRootSpan, which only spans have. */
export const converters: readonly OttlFunction[] = [
  ...caseConverters,
  ...encodingConverters,
  ...hashConverters,
  ...idConverters,
  ...keyValueConverters,
  ...listConverters,
  ...networkConverters,
  ...numberConverters,
  ...regexpConverters,
  ...textConverters,
  ...timeConverters,
  ...typeTests,
  formatConverter,
  grokConverter,
  ...xmlConverters,
  parseCsvConverter,
  parseJsonConverter,
  parseSeverityConverter,
  urlConverter,
  userAgentConverter,
];
