import type { Clock } from '../../../component/settings.ts';
import type { AndSubConfig, CompositeConfig, PolicyConfig, SharedConfig } from '../config.ts';
import {
  booleanAttribute,
  numericAttribute,
  stringAttribute,
  textAttribute,
} from './attributes.ts';
import { and, drop, not } from './combined.ts';
import type { Policy } from './decision.ts';
import { bytesLimiting, composite, rateLimiting } from './limits.ts';
import type { OttlContext, ottlCondition } from './ottl.ts';
import { cachedPatterns } from './patterns.ts';
import { probabilistic } from './probabilistic.ts';
import { alwaysSample, latency, spanCount, statusCode, traceFlags, traceState } from './spans.ts';

/** What policies need beside their keys. */
export interface PolicyContext extends OttlContext {
  readonly clock: Clock;
  /** Hears which member of a composite policy sampled. */
  readonly chosen: (name: string) => void;
  /** The maker of OTTL policies, loaded where one is configured. */
  readonly ottl: typeof ottlCondition | undefined;
}

/** Whether a policy of this type is configured anywhere, inside others too. */
export function usesPolicy(configs: readonly PolicyConfig[], type: string): boolean {
  return JSON.stringify(configs).includes(`"type":${JSON.stringify(type)}`);
}

/** Keys that the schema lets through as those of a policy that an extension would bring. */
function checkKeys(config: object, known: readonly string[]): void {
  const unknown = Object.keys(config).find((key) => !sharedKeys.has(key) && !known.includes(key));
  if (unknown === undefined) return;
  const type = JSON.stringify(unknown);
  throw new Error(
    `cannot use ${type}: policies of extensions are not supported, or it is misspelt`,
  );
}

const sharedKeys: ReadonlySet<string> = new Set([
  'name',
  'type',
  'latency',
  'numeric_attribute',
  'probabilistic',
  'status_code',
  'string_attribute',
  'rate_limiting',
  'bytes_limiting',
  'span_count',
  'trace_state',
  'boolean_attribute',
  'ottl_condition',
]);

const make: Readonly<Record<string, (config: SharedConfig, context: PolicyContext) => Policy>> = {
  always_sample: () => alwaysSample,
  latency: ({ latency: c }) => latency(c.threshold_ms, c.upper_threshold_ms),
  numeric_attribute: ({ numeric_attribute: c }) => numeric(c),
  probabilistic: ({ probabilistic: c }) => probabilistic(c.hash_salt, c.sampling_percentage),
  status_code: ({ status_code: c }) => statusCode(statusBits(c.status_codes)),
  string_attribute: ({ string_attribute: c }) => texts(c),
  rate_limiting: ({ rate_limiting: c }, { clock }) =>
    rateLimiting(c.spans_per_second, c.burst_capacity, clock),
  bytes_limiting: ({ bytes_limiting: c }, { clock }) =>
    bytesLimiting(c.bytes_per_second, c.burst_capacity, clock),
  span_count: ({ span_count: c }) => spanCount(c.min_spans, c.max_spans),
  trace_state: ({ trace_state: c }) => traceState(c.key, c.values),
  trace_flags: () => traceFlags,
  boolean_attribute: ({ boolean_attribute: c }) => booleanAttribute(c.key, c.value, c.invert_match),
  ottl_condition: ({ ottl_condition: c }, context) => {
    if (context.ottl === undefined) throw new Error('BUG: OTTL was not loaded');
    return context.ottl(c.span, c.spanevent, c.error_mode, context);
  },
};

function numeric(c: SharedConfig['numeric_attribute']): Policy {
  if (c.min_value === 0 && c.max_value === 0) {
    throw new Error('at least one of min_value and max_value must be set');
  }
  const min = c.min_value === 0 ? Number.NEGATIVE_INFINITY : c.min_value;
  const max = c.max_value === 0 ? Number.POSITIVE_INFINITY : c.max_value;
  return numericAttribute(c.key, { min, max }, c.invert_match);
}

const statusNames = ['UNSET', 'OK', 'ERROR'];

function statusBits(names: readonly string[]): number {
  if (names.length === 0) throw new Error('expected at least one status code to filter on');
  let bits = 0;
  for (const name of names) {
    const code = statusNames.indexOf(name);
    if (code < 0) {
      const text = JSON.stringify(name);
      throw new Error(`unknown status code ${text}, supported: OK, ERROR, UNSET`);
    }
    bits |= 1 << code;
  }
  return bits;
}

function texts(c: SharedConfig['string_attribute']): Policy {
  if (!c.enabled_regex_matching) return textAttribute(c.key, c.values, c.invert_match);
  return stringAttribute(c.key, cachedPatterns(c.values, c.cache_max_size), c.invert_match);
}

function sharedPolicy(config: SharedConfig, context: PolicyContext, keys: readonly string[]) {
  checkKeys(config, keys);
  const create = Object.hasOwn(make, config.type) ? make[config.type] : undefined;
  if (create === undefined) throw new Error(`unknown sampling policy type ${config.type}`);
  return create(config, context);
}

function andMember(config: AndSubConfig, context: PolicyContext): Policy {
  if (config.type !== 'not') return sharedPolicy(config, context, ['not']);
  checkKeys(config, ['not']);
  return not(sharedPolicy(config.not.not_sub_policy, context, []));
}

function compositePolicy(config: CompositeConfig, context: PolicyContext): Policy {
  const members = config.composite_sub_policy.map((member) => {
    if (member.type !== 'and') {
      return { name: member.name, policy: sharedPolicy(member, context, ['and']) };
    }
    checkKeys(member, ['and']);
    const inner = member.and.and_sub_policy.map((one) => andMember(one, context));
    return { name: member.name, policy: and(inner) };
  });
  return composite(config, members, context.clock, context.chosen);
}

/**
 * A policy as configured.
 * @throws Error for a type that is not known, or values that it cannot work with
 */
export function createPolicy(config: PolicyConfig, context: PolicyContext): Policy {
  const keys = ['composite', 'and', 'not', 'drop'];
  switch (config.type) {
    case 'composite':
      checkKeys(config, keys);
      return compositePolicy(config.composite, context);
    case 'and':
      checkKeys(config, keys);
      return and(config.and.and_sub_policy.map((one) => andMember(one, context)));
    case 'drop':
      checkKeys(config, keys);
      return drop(config.drop.drop_sub_policy.map((one) => andMember(one, context)));
    case 'not':
      checkKeys(config, keys);
      return not(sharedPolicy(config.not.not_sub_policy, context, []));
    default:
      return sharedPolicy(config, context, keys);
  }
}
