import { OttlError } from '../errors.ts';
import { quote } from '../grammar/quote.ts';
import type { PathAccess } from './access.ts';
import { cachePath } from './cache.ts';
import { otelcolPath } from './client.ts';
import { datapointPath } from './datapoint.ts';
import { resourcePath, scopePath } from './groups.ts';
import { logPath } from './log.ts';
import { metricPath } from './metric.ts';
import { type Segment, unknownSegment } from './segments.ts';
import { spanEventPath, spanPath } from './span.ts';

/** Contexts: what a statement is run on, and what its paths may begin with. */
export type ContextName =
  | 'resource'
  | 'scope'
  | 'span'
  | 'spanevent'
  | 'metric'
  | 'datapoint'
  | 'log'
  | 'otelcol';

type PathMaker = (segment: Segment) => PathAccess;

interface ContextInfo {
  /** Names that its paths may begin with, itself first, and who reads them. */
  readonly paths: Readonly<Record<string, PathMaker>>;
  /** Of these, the ones that may name the context of a path. */
  readonly names: readonly string[];
  readonly enums: Readonly<Record<string, number>>;
  /** Why there are no enums. */
  readonly noEnums?: string;
}

const spanEnums = {
  SPAN_KIND_UNSPECIFIED: 0,
  SPAN_KIND_INTERNAL: 1,
  SPAN_KIND_SERVER: 2,
  SPAN_KIND_CLIENT: 3,
  SPAN_KIND_PRODUCER: 4,
  SPAN_KIND_CONSUMER: 5,
  STATUS_CODE_UNSET: 0,
  STATUS_CODE_OK: 1,
  STATUS_CODE_ERROR: 2,
};

const metricEnums = {
  AGGREGATION_TEMPORALITY_UNSPECIFIED: 0,
  AGGREGATION_TEMPORALITY_DELTA: 1,
  AGGREGATION_TEMPORALITY_CUMULATIVE: 2,
  METRIC_DATA_TYPE_NONE: 0,
  METRIC_DATA_TYPE_GAUGE: 1,
  METRIC_DATA_TYPE_SUM: 2,
  METRIC_DATA_TYPE_HISTOGRAM: 3,
  METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM: 4,
  METRIC_DATA_TYPE_SUMMARY: 5,
};

const severities = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name, i) =>
  ['', '2', '3', '4'].map((rank, j) => [`SEVERITY_NUMBER_${name}${rank}`, i * 4 + j + 1] as const),
);
const logEnums = Object.fromEntries([['SEVERITY_NUMBER_UNSPECIFIED', 0] as const, ...severities]);

const resource = { resource: resourcePath, otelcol: otelcolPath };
const scope = { ...resource, scope: scopePath, instrumentation_scope: scopePath };
const span = { ...scope, span: spanPath };
const metric = { ...scope, metric: metricPath };

function info(paths: ContextInfo['paths'], enums: ContextInfo['enums']): ContextInfo {
  return { paths, names: Object.keys(paths), enums };
}

const contexts: Readonly<Record<ContextName, ContextInfo>> = {
  resource: { ...info(resource, {}), noEnums: 'resource context does not provide Enum support' },
  scope: {
    ...info(scope, {}),
    names: ['scope', 'resource', 'otelcol'],
    noEnums: 'instrumentation scope context does not provide Enum support',
  },
  span: info(span, spanEnums),
  spanevent: info({ ...span, spanevent: spanEventPath }, spanEnums),
  metric: info(metric, metricEnums),
  datapoint: info(
    { ...metric, datapoint: datapointPath },
    { ...metricEnums, FLAG_NONE: 0, FLAG_NO_RECORDED_VALUE: 1 },
  ),
  log: info({ ...scope, log: logPath }, logEnums),
  otelcol: {
    ...info({ otelcol: otelcolPath }, {}),
    noEnums: 'otelcol context does not provide Enum support',
  },
};

/** Names that may stand in front of a path in a context. */
export function pathContexts(context: ContextName): readonly string[] {
  return contexts[context].names;
}

/** Whether a path may begin with the name. */
export function isContext(name: string): name is ContextName {
  return Object.hasOwn(contexts, name);
}

/** The context that a path is of whose first segment is `name`. */
export function bareContext(context: ContextName, name: string): string {
  return Object.hasOwn(contexts[context].paths, name) ? name : context;
}

/** The number of an enum symbol. @throws OttlError when the context does not know it */
export function enumNumber(context: ContextName, symbol: string): bigint {
  const { enums, noEnums } = contexts[context];
  if (noEnums !== undefined) throw new OttlError(noEnums);
  const number = Object.hasOwn(enums, symbol) ? enums[symbol] : undefined;
  if (number === undefined) throw new OttlError(`enum symbol, ${symbol}, not found`);
  return BigInt(number);
}

/**
 * Finds out what a path reads and writes.
 *
 * @param named the context that the path names, '' = its first segment may be one
 * @throws OttlError for what the context does not have
 */
export function resolvePath(context: ContextName, named: string, first: Segment): PathAccess {
  const { paths } = contexts[context];
  let segment = first.begin();
  let name = named;
  if (name === '') {
    name = bareContext(context, segment.name);
    if (name === segment.name) {
      const next = segment.step();
      if (next === undefined) throw unknownSegment(name, first.path, context);
      segment = next;
    }
  }
  if (segment.name === 'cache') {
    if (name !== context) {
      const better = first.path.replace(`${name}.`, `${context}.`);
      throw new OttlError(
        `access to cache must be performed using the same context, please replace ${quote(first.path)} with ${quote(better)}`,
      );
    }
    return finish(cachePath(segment), first);
  }
  const make = Object.hasOwn(paths, name) ? paths[name] : undefined;
  if (make === undefined) throw unknownSegment(name, first.path, context);
  return finish(make(segment), first);
}

function finish(access: PathAccess, first: Segment): PathAccess {
  first.checkUsed();
  return access;
}
