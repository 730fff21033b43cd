import type { OperatorBuilder } from './build.ts';
import { container } from './operators/container.ts';
import { filter } from './operators/filter.ts';
import * as parsers from './operators/parsers.ts';
import { recombine } from './operators/recombine.ts';
import { router } from './operators/router.ts';
import { syslogParser } from './operators/syslog-parser.ts';
import * as transformers from './operators/transformers.ts';

/** Every operator, by its YAML type. */
export const operators: ReadonlyMap<string, OperatorBuilder> = new Map<string, OperatorBuilder>([
  ['add', transformers.add],
  ['assign_keys', transformers.assignKeys],
  ['container', container],
  ['copy', transformers.copy],
  ['csv_parser', parsers.csvParser],
  ['filter', filter],
  ['flatten', transformers.flatten],
  ['json_array_parser', parsers.jsonArrayParser],
  ['json_parser', parsers.jsonParser],
  ['key_value_parser', parsers.keyValueParser],
  ['move', transformers.move],
  ['noop', transformers.noop],
  ['recombine', recombine],
  ['regex_parser', parsers.regexParser],
  ['regex_replace', transformers.regexReplace],
  ['remove', transformers.remove],
  ['retain', transformers.retain],
  ['router', router],
  ['sanitize_utf8', transformers.sanitizeUtf8],
  ['scope_name_parser', parsers.scopeNameOperator],
  ['severity_parser', parsers.severityOperator],
  ['syslog_parser', syslogParser],
  ['time_parser', parsers.timeOperator],
  ['trace_parser', parsers.traceOperator],
  ['unquote', transformers.unquoteOperator],
  ['uri_parser', parsers.uriParser],
]);

/** Operators of the Go collector that are refused, each with the reason. */
export const refused: ReadonlyMap<string, string> = new Map([
  ['stdout', 'entries are written out by exporters (debug) here'],
  ['file_output', 'entries are written out by exporters (file) here'],
  ['drop_output', 'use the filter operator with `expr: "true"`'],
]);
