import { z } from 'zod';

/** Sampling of services that nothing is said of. */
const defaultRate = 0.001;

/** How the spans of one operation are sampled. */
export interface OperationStrategy {
  readonly operation: string;
  /** 0 to 1. */
  readonly rate: number;
}

/** How a service samples. */
export interface Strategy {
  /** 0 to 1; absent for a rate limit. */
  readonly rate?: number;
  /** Traces a second. */
  readonly limit?: number;
  readonly operations?: {
    /** Of operations that are not listed. */
    readonly defaultRate: number;
    readonly list: readonly OperationStrategy[];
  };
}

/** Strategies by service. */
export interface Strategies {
  readonly fallback: Strategy;
  readonly services: ReadonlyMap<string, Strategy>;
}

const one = z.object({ type: z.string().default(''), param: z.number().default(0) });
const operation = one.extend({ operation: z.string().default('') });
const service = one.extend({
  service: z.string().default(''),
  operation_strategies: z.array(operation).nullish(),
});
const file = z
  .object({
    default_strategy: service.nullish(),
    service_strategies: z.array(service).nullish(),
  })
  .nullable();

type Service = z.output<typeof service>;

function plainStrategy(
  { type, param }: z.output<typeof one>,
  warn: (what: string) => void,
): Strategy {
  if (type === 'probabilistic') return { rate: param };
  if (type === 'ratelimiting') return { limit: Math.trunc(param) };
  warn(`unknown type ${JSON.stringify(type)}, ${defaultRate} of all traces are sampled`);
  return { rate: defaultRate };
}

function serviceStrategy(given: Service, warn: (what: string) => void): Strategy {
  const strategy = plainStrategy(given, warn);
  const operations = given.operation_strategies ?? [];
  if (operations.length === 0) return strategy;
  const rate = strategy.rate ?? defaultRate;
  const list: OperationStrategy[] = [];
  for (const each of operations) {
    const own = plainStrategy(each, warn);
    if (own.rate === undefined) {
      warn(`operation ${JSON.stringify(each.operation)}: only probabilistic is possible`);
    } else list.push({ operation: each.operation, rate: own.rate });
  }
  return { ...strategy, operations: { defaultRate: rate, list } };
}

/** A service's strategy with what the default one says of operations. */
function merged(own: Strategy, fallback: Strategy): Strategy {
  if (fallback.operations === undefined) return own;
  if (own.operations === undefined) {
    if (own.rate === undefined) return own;
    return { ...own, operations: { ...fallback.operations, defaultRate: own.rate } };
  }
  const known = new Set(own.operations.list.map(({ operation: name }) => name));
  const more = fallback.operations.list.filter(({ operation: name }) => !known.has(name));
  return { ...own, operations: { ...own.operations, list: [...own.operations.list, ...more] } };
}

/**
 * Reads a strategies file of Jaeger (https://www.jaegertracing.io/docs/latest/sampling/).
 * @param warn hears of what is passed over
 * @throws Error that says what is wrong
 */
export function readStrategies(text: string, warn: (what: string) => void): Strategies {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`cannot read strategies: ${(error as Error).message}`);
  }
  const read = file.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new Error(`cannot read strategies: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { default_strategy: given, service_strategies: list } = read.data ?? {};
  const fallback = given ? serviceStrategy(given, warn) : { rate: defaultRate };
  const services = (list ?? []).map(
    (each) => [each.service, merged(serviceStrategy(each, warn), fallback)] as const,
  );
  return { fallback, services: new Map(services) };
}
