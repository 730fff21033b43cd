import type {
  ConfigCheck,
  EdgeInfo,
  GraphInfo,
  Insight,
  LogEntry,
  Numbers,
  TapOptions,
  TapSample,
} from '../../component/insight.ts';
import type { Clock, Logger, MemoryBudget } from '../../component/settings.ts';
import type { MapNode } from '../../config/schema/node.ts';
import type { Ledger } from '../../pipeline/ledger.ts';
import { configYaml, configYamlByComponent } from '../cli/print-config.ts';
import type { FeatureGates } from '../config/gates.ts';
import type { ProgramConfig } from '../config/program.ts';
import type { NodePlan } from '../graph/plan.ts';
import type { StatusBoard } from '../graph/statuses.ts';
import type { RecentLog } from '../telemetry/recent-log.ts';
import { ConfigChecker } from './check/checker.ts';
import { graphInfo } from './graph-info.ts';
import { maskAddresses } from './mask.ts';
import { numbersOf } from './numbers.ts';
import { Taps } from './taps.ts';

/** What the program gives beside its graph. */
export interface InsightSources {
  readonly recent: RecentLog;
  /** What the running configuration was read from. */
  source(): { readonly root: MapNode; readonly gates: FeatureGates };
}

/** What a {@link ProgramInsight} looks into. */
export interface InsightParts {
  readonly ledger: Ledger;
  readonly budget: MemoryBudget;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly statuses: StatusBoard;
  readonly sources: InsightSources;
}

/** See {@link Insight}. */
export class ProgramInsight implements Insight {
  readonly startedUnixMs: number;
  readonly #parts: InsightParts;
  readonly #taps: Taps;
  readonly #checker: ConfigChecker;
  #graph: GraphInfo = { nodes: [], edges: [], lanes: [] };
  #version = 0;

  constructor(parts: InsightParts) {
    this.startedUnixMs = parts.clock.unixMs();
    this.#parts = parts;
    this.#taps = new Taps(parts);
    this.#checker = new ConfigChecker(() => parts.sources.source().gates.list());
  }

  /** Another configuration runs from now on. */
  show(plans: readonly NodePlan[], { pipelines }: ProgramConfig): void {
    this.#graph = graphInfo(plans, pipelines);
    this.#version++;
  }

  version(): number {
    return this.#version;
  }

  graph(): GraphInfo {
    return this.#graph;
  }

  numbers(): Numbers {
    return numbersOf(this.#graph, this.#parts);
  }

  log(after: number): readonly LogEntry[] {
    return this.#parts.sources.recent.after(after);
  }

  tap(edge: EdgeInfo, options: TapOptions, receive: (sample: TapSample) => boolean): () => void {
    return this.#taps.open(edge, options, receive);
  }

  checkConfig(text: string): Promise<ConfigCheck> {
    return this.#checker.check(text);
  }

  async configYaml(): Promise<string> {
    const { root, gates } = this.#parts.sources.source();
    return maskAddresses(await configYaml(root, gates));
  }

  async componentConfigs(): Promise<ReadonlyMap<string, string>> {
    const { root, gates } = this.#parts.sources.source();
    const found = await configYamlByComponent(root, gates);
    return new Map(Array.from(found, ([name, yaml]) => [name, maskAddresses(yaml)]));
  }

  close(): void {
    this.#checker.close();
  }
}
