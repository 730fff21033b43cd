import type { Params } from '../traces/bind.ts';
import { type Matcher, MetricReadError } from './model.ts';

/** Names that the series of one stored row have, by what is added to the metric's name. */
const suffixes =
  "multiIf(type = 'histogram', ['_bucket', '_count', '_sum'], " +
  "type = 'summary', ['', '_count', '_sum'], [''])";

/** The series that Prometheus would have, out of table `metric_series`. */
export function seriesSource(table: string, where: readonly string[]): string {
  const rows = `SELECT * FROM ${table}${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`}`;
  return `(${rows}) ARRAY JOIN ${suffixes} AS suffix`;
}

/**
 * The value of a label as an expression over {@link seriesSource}, except for `le` and `quantile`
 * of distributions, which each of their points gives anew.
 */
export function labelExpression(name: string, params: Params): string {
  if (name === '__name__') return 'concat(name, suffix)';
  const key = params.text(name);
  const attribute = `if(mapContains(attributes, ${key}), attributes[${key}], attributes_other[${key}])`;
  if (name === 'job' || name === 'instance') return `if(${name} != '', ${name}, ${attribute})`;
  if (!name.startsWith('otel_scope_')) return attribute;
  return `if(mapContains(scope_labels, ${key}), scope_labels[${key}], ${attribute})`;
}

/** Whether a label's values come from points. */
export function isPointLabel(name: string): boolean {
  return name === 'le' || name === 'quantile';
}

/** Rows whose points have a label of this name. */
export function hasPointLabel(name: string): string {
  return name === 'le'
    ? "(type = 'histogram' AND suffix = '_bucket')"
    : "(type = 'summary' AND suffix = '')";
}

/**
 * The condition of all matchers over {@link seriesSource}; what only points can tell passes and is
 * left to {@link pointMatch}.
 */
export function condition(matchers: readonly Matcher[], params: Params): string {
  const all = matchers.map((matcher) => {
    const one = compare(labelExpression(matcher.name, params), matcher, params);
    return isPointLabel(matcher.name) ? `(${hasPointLabel(matcher.name)} OR ${one})` : one;
  });
  return all.length === 0 ? '1' : all.join(' AND ');
}

function compare(expression: string, matcher: Matcher, params: Params): string {
  switch (matcher.operator) {
    case '=':
    case '!=':
      return `${expression} ${matcher.operator} ${params.text(matcher.value)}`;
    case '=~':
      return `match(${expression}, ${params.text(anchored(matcher.value))})`;
    case '!~':
      return `NOT match(${expression}, ${params.text(anchored(matcher.value))})`;
  }
}

function anchored(regexp: string): string {
  return `^(?s:${regexp})$`;
}

/** Conditions over the table that let its key be used; they hold for every series that matches. */
export function nameCondition(matchers: readonly Matcher[], params: Params): string[] {
  return matchers.flatMap(({ name, operator, value }) => {
    if (name !== '__name__' || operator !== '=') return [];
    const names = new Set([value, value.replace(/_(bucket|count|sum)$/, '')]);
    return [`name IN (${[...names].map((one) => params.text(one)).join(', ')})`];
  });
}

/**
 * Whether a value of `le` or `quantile` fulfils all matchers of that name.
 * @throws MetricReadError for an expression that cannot be read
 */
export function pointMatch(matchers: readonly Matcher[], name: string): (value: string) => boolean {
  const tests = matchers
    .filter((matcher) => matcher.name === name)
    .map(({ operator, value }): ((text: string) => boolean) => {
      if (operator === '=') return (text) => text === value;
      if (operator === '!=') return (text) => text !== value;
      const regexp = compiled(value);
      return (text) => regexp.test(text) === (operator === '=~');
    });
  return (text) => tests.every((test) => test(text));
}

function compiled(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`, 's');
  } catch (error) {
    const message = `cannot read the regular expression ${JSON.stringify(text)}`;
    throw new MetricReadError(message, 'bad_query', error);
  }
}
