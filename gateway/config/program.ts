import type { Factory, Kind } from '../../component/factory.ts';
import type { Signal } from '../../component/signals.ts';
import type { Position } from '../../config/schema/node.ts';
import type { TelemetryConfig } from '../telemetry/config.ts';

/** One configured component with its decoded configuration. */
export interface ComponentConfig {
  readonly kind: Kind;
  /** `type[/name]` as written. */
  readonly id: string;
  readonly factory: Factory<unknown>;
  readonly config: unknown;
  /** Where its id is written. */
  readonly at: Position;
}

/** A pipeline as it is written; ids that name components or connectors. */
export interface PipelineConfig {
  /** `signal[/name]`. */
  readonly id: string;
  readonly signal: Signal;
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
  readonly at: Position;
}

/** Components of each kind by id. */
export type ComponentTable = { readonly [K in Kind]: ReadonlyMap<string, ComponentConfig> };

/** A checked configuration: everything that the graph is built from. */
export interface ProgramConfig {
  readonly components: ComponentTable;
  readonly extensions: readonly string[];
  readonly pipelines: readonly PipelineConfig[];
  readonly telemetry: TelemetryConfig;
}
