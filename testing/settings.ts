import type { Extension, StorageProvider } from '../component/extension.ts';
import type { Insight } from '../component/insight.ts';
import type {
  Attributes,
  Clock,
  Gates,
  Host,
  Logger,
  MemoryBudget,
  Meter,
  NodeLedger,
  Random,
  Settings,
} from '../component/settings.ts';
import type { ProgramView } from '../component/view.ts';
import { FeatureGates } from '../gateway/config/gates.ts';
import { createBudget } from '../pipeline/budget.ts';
import { Ledger } from '../pipeline/ledger.ts';
import { createListeners } from '../pipeline/listeners.ts';
import { type FakeClock, fakeClock } from './clock.ts';
import { seededRandom } from './random.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger that keeps its lines. */
export function listLogger(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log =
    (level: LogLine['level']) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void lines.push({ level, message, fields });
  return {
    lines,
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
  };
}

/** A meter whose values can be read. */
export interface TestMeter extends Meter {
  /**
   * Sum of a counter, value of a gauge, or number of values of a histogram, over the series that
   * have all `attributes`; 0 when there is none.
   */
  value(name: string, attributes?: Attributes): number;
  /** Gauges that are registered. */
  readonly gauges: number;
  readonly names: ReadonlySet<string>;
}

interface Series {
  readonly name: string;
  readonly attributes: Attributes;
  read(): number;
}

export function testMeter(): TestMeter {
  const series = new Set<Series>();
  const gauges = new Set<Series>();
  const names = new Set<string>();
  const add = (name: string, attributes: Attributes, value: number) =>
    void series.add({ name, attributes, read: () => value });
  return {
    names,
    counter(name) {
      names.add(name);
      return {
        add(value, attributes = {}) {
          if (!(value >= 0)) throw new Error(`BUG: counter ${name} changed by ${value}`);
          add(name, attributes, value);
        },
      };
    },
    histogram(name) {
      names.add(name);
      return { enabled: true, record: (_value, attributes = {}) => add(name, attributes, 1) };
    },
    gauge(name, _options, read, attributes = {}) {
      names.add(name);
      const one = { name, attributes, read };
      gauges.add(one);
      return () => void gauges.delete(one);
    },
    value(name, attributes = {}) {
      let sum = 0;
      for (const one of [...series, ...gauges]) {
        const wanted = Object.entries(attributes);
        const fits = wanted.every(([key, value]) => one.attributes[key] === value);
        if (one.name === name && fits) sum += one.read();
      }
      return sum;
    },
    get gauges() {
      return gauges.size;
    },
  };
}

/** The inside of a program that has nothing in it. */
export function testInsight(given: Partial<Insight> = {}): Insight {
  return {
    startedUnixMs: 0,
    version: () => 1,
    graph: () => ({ nodes: [], edges: [], lanes: [] }),
    numbers: () => ({
      memory: { budgetUsed: 0, budgetLimit: 1, rss: 1, heapUsed: 1 },
      nodes: [],
      edges: [],
    }),
    log: () => [],
    tap: () => () => undefined,
    checkConfig: async () => ({ faults: [], warnings: [], unchecked: [], graph: undefined }),
    configYaml: async () => '',
    componentConfigs: async () => new Map(),
    ...given,
  };
}

/** A view of a program that has nothing in it. */
export function testView(given: Partial<ProgramView> = {}): ProgramView {
  return {
    pipelines: () => [],
    statuses: () => [],
    watchStatuses: () => () => undefined,
    gates: () => [],
    watchSpans: () => undefined,
    runningSpans: () => [],
    config: async () => '{}',
    insight: testInsight(),
    ...given,
  };
}

/** A host with the given extensions. */
export function testHost(
  extensions: ReadonlyMap<string, Extension> = new Map(),
): Host & { readonly faults: Error[] } {
  const faults: Error[] = [];
  return {
    faults,
    extension: (id) => extensions.get(id),
    extensions: () => extensions,
    listeners: createListeners(),
    configFiles: () => [],
    reload: async () => ({ changed: false, faults: ['nothing to reload in a test'] }),
    view: testView(),
    fatal: (error) => void faults.push(error),
  };
}

/** An extension that only offers storage. */
export function storageExtension(storage: StorageProvider): Extension {
  return { capabilities: { storage }, start: async () => {}, shutdown: async () => {} };
}

/** Settings of one component under test, with everything that it can touch within reach. */
export interface TestSettings extends Settings {
  readonly clock: FakeClock;
  readonly logger: ReturnType<typeof listLogger>;
  readonly meter: TestMeter;
  readonly budget: MemoryBudget;
  readonly host: ReturnType<typeof testHost>;
  /** The book behind `ledger`; the component is its node `settings.id`. */
  readonly book: Ledger;
  readonly ledger: NodeLedger;
}

export interface TestSettingsOptions {
  readonly id?: string;
  readonly budgetBytes?: number;
  readonly random?: Random;
  readonly clock?: FakeClock;
  readonly extensions?: ReadonlyMap<string, Extension>;
  readonly book?: Ledger;
  /** Default: all as they are when nobody sets them. */
  readonly gates?: Gates;
}

export function testSettings(options: TestSettingsOptions = {}): TestSettings {
  const id = options.id ?? 'test';
  const book = options.book ?? new Ledger();
  return {
    id,
    logger: listLogger(),
    meter: testMeter(),
    tracer: { enabled: false, start: () => undefined, extract: () => undefined },
    clock: options.clock ?? fakeClock(),
    random: options.random ?? seededRandom(1),
    budget: createBudget(options.budgetBytes ?? 2 ** 26),
    book,
    ledger: book.node(id),
    host: testHost(options.extensions),
    build: { command: 'wirestitch', version: '0.0.0-test' },
    gates: options.gates ?? new FeatureGates(),
  };
}

/** Feature gates as they are but for those given: `-id` is off. */
export function testGates(...set: readonly string[]): Gates {
  const gates = new FeatureGates();
  gates.apply(set.join(','));
  return gates;
}

/** The same with the real clock. */
export function realTimeSettings(
  clock: Clock,
  options: Omit<TestSettingsOptions, 'clock'> = {},
): Omit<TestSettings, 'clock'> & { readonly clock: Clock } {
  return { ...testSettings(options), clock };
}
