import { z } from 'zod';
import { typeName, type Value, type ValueMap } from '../../expr/index.ts';
import { compileRegexp } from '../../pdata/regexp/index.ts';
import { type Parse, parser, scopeNameParser, transformer } from '../build.ts';
import { at, OperatorFault } from '../fault.ts';
import { mapHeaders, readCsv } from '../parse/csv.ts';
import { parseJsonArray, parseJsonObject } from '../parse/json.ts';
import { parseKeyValue } from '../parse/key-value.ts';
import { parseUri } from '../parse/uri.ts';
import { field } from '../schema.ts';
import { severityKeys, severityParser } from '../severity-parser.ts';
import { timeKeys, timeParser } from '../time/time-parser.ts';
import { traceKeys, traceParser } from '../trace-parser.ts';

function needText(value: Value, as: string, bytesToo = false): string {
  if (typeof value === 'string') return value;
  if (bytesToo && value instanceof Uint8Array) return Buffer.from(value).toString();
  throw new Error(`type ${typeName(value)} cannot be parsed as ${as}`);
}

/** Operator `json_parser`. */
export const jsonParser = parser({ parse_ints: z.boolean().default(false) }, (config) => {
  const ints = config.parse_ints;
  return (value) => parseJsonObject(needText(value, 'JSON'), ints);
});

/** Operator `json_array_parser`: a list, or a map by the names in `header`. */
export const jsonArrayParser = parser({ header: z.string().default('') }, ({ header }) => {
  if (header === '') return (value) => parseJsonArray(needText(value, 'json array', true));
  const names = header.split(',');
  return (value) => {
    const fields = parseJsonArray(needText(value, 'json array', true));
    if (fields.length !== names.length) {
      throw new Error(`wrong number of fields: expected ${names.length}, found ${fields.length}`);
    }
    return new Map(names.map((name, i) => [name, fields[i]!]));
  };
});

const csvKeys = {
  header: z.string().default(''),
  header_delimiter: z.string().default(''),
  header_attribute: z.string().default(''),
  delimiter: z.string().default(''),
  lazy_quotes: z.boolean().default(false),
  ignore_quotes: z.boolean().default(false),
};

type CsvConfig = z.output<z.ZodObject<typeof csvKeys>>;

function checkCsv(config: CsvConfig, delimiter: string, headerDelimiter: string): void {
  const { header, header_attribute: attribute } = config;
  if (config.ignore_quotes && config.lazy_quotes) {
    throw new OperatorFault("only one of 'ignore_quotes' or 'lazy_quotes' can be true", [
      'lazy_quotes',
    ]);
  }
  if ([...delimiter].length !== 1) {
    throw new OperatorFault(`invalid 'delimiter': '${delimiter}'`, ['delimiter']);
  }
  if ([...headerDelimiter].length !== 1) {
    throw new OperatorFault(`invalid 'header_delimiter': '${headerDelimiter}'`, [
      'header_delimiter',
    ]);
  }
  if (header === '' && attribute === '') {
    throw new OperatorFault("missing required field 'header' or 'header_attribute'");
  }
  if (header !== '' && attribute !== '') {
    throw new OperatorFault(
      "only one header parameter can be set: 'header' or 'header_attribute'",
      ['header'],
    );
  }
  if (header !== '' && !header.includes(headerDelimiter)) {
    throw new OperatorFault('missing field delimiter in header', ['header']);
  }
}

/** Operator `csv_parser`: one line; the header is given, or an attribute of the entry. */
export const csvParser = parser(csvKeys, (config): Parse => {
  const delimiter = config.delimiter === '' ? ',' : config.delimiter;
  const headerDelimiter = config.header_delimiter === '' ? delimiter : config.header_delimiter;
  checkCsv(config, delimiter, headerDelimiter);
  const fixed = config.header === '' ? undefined : config.header.split(headerDelimiter);
  return (value, entry) => {
    let names = fixed;
    if (names === undefined) {
      const name = config.header_attribute;
      const header = entry.attributes?.get(name);
      if (header === undefined) throw new Error(`failed to read dynamic header attribute ${name}`);
      if (typeof header !== 'string') {
        throw new Error(`header is expected to be a string but is ${typeName(header)}`);
      }
      names = header.split(headerDelimiter);
    }
    const line = needText(value, 'csv', true);
    const fields = config.ignore_quotes
      ? line.split(delimiter)
      : readCsv(line, delimiter, config.lazy_quotes);
    return mapHeaders(names, fields);
  };
});

/** Operator `key_value_parser`. */
export const keyValueParser = parser(
  { delimiter: z.string().default('='), pair_delimiter: z.string().default('') },
  ({ delimiter, pair_delimiter: given }) => {
    const pairDelimiter = given === '' ? ' ' : given;
    if (delimiter === '')
      throw new OperatorFault('delimiter is a required parameter', ['delimiter']);
    if (delimiter === pairDelimiter) {
      throw new OperatorFault('delimiter and pair_delimiter cannot be the same value', [
        'delimiter',
      ]);
    }
    return (value) => {
      const text = needText(value, 'key value pairs');
      if (text === '') throw new Error('parse from field is empty');
      return parseKeyValue(text, delimiter, pairDelimiter);
    };
  },
);

/** What a pattern with named groups finds. @throws Error for a text that does not match */
export function regexParse(pattern: string): (text: string) => ValueMap {
  const regexp = compileRegexp(pattern);
  const named = regexp.groupNames.flatMap((name, i) =>
    name === '' ? [] : [[name, i + 1] as const],
  );
  return (text) => {
    const match = regexp.exec(text);
    if (match === undefined) throw new Error('regex pattern does not match');
    const map: ValueMap = new Map();
    for (const [name, i] of named) map.set(name, match.groups[i] ?? '');
    return map;
  };
}

const regexKeys = {
  regex: z.string().default(''),
  cache: z.looseObject({ size: z.int().min(0).max(65535).default(0) }).optional(),
};

/** Operator `regex_parser`: the named groups; `cache` keeps what texts gave, the oldest goes. */
export const regexParser = parser(regexKeys, ({ regex, cache }) => {
  if (regex === '') throw new OperatorFault("missing required field 'regex'", ['regex']);
  const names = at('regex', () => {
    try {
      return compileRegexp(regex).groupNames;
    } catch (error) {
      throw new Error(`compiling regex: ${(error as Error).message}`);
    }
  });
  if (names.every((name) => name === '')) {
    throw new OperatorFault(
      "no named capture groups in regex pattern: use named capture groups like '^(?P<my_key>.*)$' to specify the key name for the parsed field",
      ['regex'],
    );
  }
  const parse = regexParse(regex);
  const size = cache?.size ?? 0;
  const known = new Map<string, ValueMap>();
  return (value) => {
    const text = needText(value, 'regex');
    if (size === 0) return parse(text);
    let found = known.get(text);
    if (found === undefined) {
      found = parse(text);
      if (known.size >= size) known.delete(known.keys().next().value!);
      known.set(text, found);
    }
    return new Map(found);
  };
});

/** Operator `uri_parser`. */
export const uriParser = parser({}, () => (value) => parseUri(needText(value, 'URI')));

/** Operator `time_parser`. */
export const timeOperator = transformer(timeKeys, (config) => {
  const read = timeParser(config);
  return (entry, { clock }) => read(entry, clock.unixMs());
});

/** Operator `severity_parser`. */
export const severityOperator = transformer(severityKeys, (config) => severityParser(config));

/** Operator `trace_parser`. */
export const traceOperator = transformer(traceKeys, (config) => traceParser(config));

/** Operator `scope_name_parser`. */
export const scopeNameOperator = transformer({ parse_from: field() }, (config) =>
  scopeNameParser(config.parse_from),
);
