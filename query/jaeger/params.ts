/** The parameters of searches, with the errors that Jaeger gives for bad ones. */
import type { TraceQuery } from '../../storage/traces/reader.ts';
import {
  ParameterError,
  parseGoDuration,
  parseGoInt,
  parseRfc3339,
  parseTraceId,
} from './go-text.ts';
import { kindName, missingServiceName } from './json-v1.ts';

/** Limits of a search. */
export interface SearchLimits {
  /** Largest number of traces of one search; more is refused. */
  readonly maxTraces: number;
}

const defaultDepth = 100;
const twoDaysNs = 2n * 86_400n * 1_000_000_000n;

/** @returns the stored name: services without a name are shown under another */
export function storedService(name: string): string {
  return name === missingServiceName ? '' : name;
}

function named<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    throw new ParameterError(`unable to parse param '${name}': ${error.message}`);
  }
}

function depth(value: bigint, limits: SearchLimits): number {
  if (value > 0n && value <= BigInt(limits.maxTraces)) return Number(value);
  throw new ParameterError(
    `search depth must be greater than 0 and not more than ${limits.maxTraces}`,
  );
}

function stringMap(text: string, prefix: string): [string, string][] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ParameterError(`${prefix}, cannot unmarshal JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ParameterError(`${prefix}, cannot unmarshal JSON: not an object of strings`);
  }
  return Object.entries(value).map(([key, entry]: [string, unknown]) => {
    if (typeof entry === 'string') return [key, entry];
    throw new ParameterError(
      `${prefix}, cannot unmarshal JSON: value of ${JSON.stringify(key)} is not a string`,
    );
  });
}

function v1Tags(query: URLSearchParams): [string, string][] {
  const tags = query.getAll('tag').map((tag): [string, string] => {
    const colon = tag.indexOf(':');
    if (colon < 0) {
      const what = `malformed 'tag' parameter, expecting key:value, received: ${tag}`;
      throw new ParameterError(what);
    }
    return [tag.slice(0, colon), tag.slice(colon + 1)];
  });
  const maps = query.getAll('tags').flatMap((t) => stringMap(t, "malformed 'tags' parameter"));
  return [...tags, ...maps];
}

/** The ids of a v1 multi-get, [] for a search. @throws ParameterError */
export function v1TraceIds(query: URLSearchParams): string[] {
  return query.getAll('traceID').map((id) => {
    try {
      return parseTraceId(id);
    } catch (error) {
      throw new ParameterError(`cannot parse traceID param: ${(error as Error).message}`);
    }
  });
}

/** Parameters of GET /api/traces. @throws ParameterError */
export function v1Search(query: URLSearchParams, nowNs: bigint, limits: SearchLimits): TraceQuery {
  const time = (name: string, fallback: bigint): bigint => {
    const text = query.get(name) ?? '';
    return text === '' ? fallback : named(name, text, parseGoInt) * 1000n;
  };
  const duration = (name: string): bigint | undefined => {
    const text = query.get(name) ?? '';
    return text === '' ? undefined : named(name, text, parseGoDuration);
  };
  const service = query.get('service') ?? '';
  if (service === '') throw new ParameterError("parameter 'service' is required");
  const startMaxNs = time('end', nowNs);
  const startMinNs = time('start', startMaxNs - twoDaysNs);
  const limit = query.get('limit') ?? '';
  const traces = limit === '' ? BigInt(defaultDepth) : parseGoInt(limit);
  const minDurationNs = duration('minDuration');
  const maxDurationNs = duration('maxDuration');
  if (minDurationNs !== undefined && maxDurationNs !== undefined && maxDurationNs < minDurationNs) {
    throw new ParameterError("'maxDuration' should be greater than 'minDuration'");
  }
  const operation = query.get('operation') ?? '';
  return {
    service: storedService(service),
    ...(operation === '' ? {} : { operation }),
    tags: v1Tags(query),
    ...(minDurationNs === undefined ? {} : { minDurationNs }),
    ...(maxDurationNs === undefined ? {} : { maxDurationNs }),
    startMinNs,
    startMaxNs,
    limit: depth(traces, limits),
  };
}

/** A parameter of api_v3 under any of its spellings, '' when absent. */
function v3Param(query: URLSearchParams, snake: string): [name: string, text: string] {
  const camel = snake.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  for (const name of [`query.${snake}`, `query.${camel}`]) {
    const text = query.get(name);
    if (text !== null && text !== '') return [name, text];
  }
  return [`query.${snake}`, ''];
}

function v3Parse<T>(entry: [string, string], parse: (text: string) => T): T | undefined {
  const [name, text] = entry;
  if (text === '') return undefined;
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    throw new ParameterError(`malformed parameter ${name}: ${error.message}`);
  }
}

/** Parameters of GET /api/v3/traces and trace-summaries. @throws ParameterError */
export function v3Search(query: URLSearchParams, limits: SearchLimits): TraceQuery {
  const at = (name: string) => v3Param(query, name);
  if (at('filter')[1] !== '') throw new ParameterError('parameter query.filter is not supported');
  const startMinNs = v3Parse(at('start_time_min'), parseRfc3339);
  const startMaxNs = v3Parse(at('start_time_max'), parseRfc3339);
  if (startMinNs === undefined || startMaxNs === undefined) {
    throw new ParameterError('query.start_time_min and query.start_time_max are required');
  }
  if (startMinNs > startMaxNs) {
    throw new ParameterError('query.start_time_min must be before query.start_time_max');
  }
  const minDurationNs = v3Parse(at('duration_min'), parseGoDuration);
  const maxDurationNs = v3Parse(at('duration_max'), parseGoDuration);
  const legacy = v3Parse(at('num_traces'), parseGoInt);
  const traces = v3Parse(at('search_depth'), parseGoInt) ?? legacy ?? BigInt(defaultDepth);
  const attributes = at('attributes');
  const tags = v3Parse(attributes, (text) => stringMap(text, 'expecting an object of strings'));
  const service = at('service_name')[1];
  const operation = at('operation_name')[1];
  return {
    ...(service === '' ? {} : { service: storedService(service) }),
    ...(operation === '' ? {} : { operation }),
    tags: tags ?? [],
    ...(minDurationNs === undefined ? {} : { minDurationNs }),
    ...(maxDurationNs === undefined ? {} : { maxDurationNs }),
    startMinNs,
    startMaxNs,
    limit: depth(traces, limits),
  };
}

/** Whether `query.raw_traces` (search) or `raw_traces` (by id) is set. */
export function v3Raw(query: URLSearchParams): boolean {
  const names = ['query.raw_traces', 'query.rawTraces', 'raw_traces', 'rawTraces'];
  return names.some((name) => query.get(name) === 'true');
}

/** A span kind by name, undefined when absent. @throws ParameterError */
export function kindParam(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  const name = text.toLowerCase();
  if (name === 'unspecified') return 0;
  for (let kind = 1; kind <= 5; kind += 1) if (kindName(kind) === name) return kind;
  throw new ParameterError(`unsupported span kind: '${text}'`);
}
