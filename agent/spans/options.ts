import type { ObservationPoint } from '../../wire/observation/points.ts';
import type { EndNamer, TagValue } from '../tags/types.ts';

/** How captured exchanges become spans. */
export interface SpanOptions {
  /** What captures, for `wirestitch.capture.name` and ids; '' = not said. */
  readonly captureName: string;
  /** `packet`, `ebpf`. */
  readonly source: string;
  /** Where it captures; `rest` = not known, then `local` is recognised by the addresses. */
  readonly observationPoint: ObservationPoint;
  /** Path segments in span names; 0 = none. */
  readonly endpointSegments: number;
  /** Values in statements and commands of databases become `?`; absent = true. */
  readonly obfuscate?: boolean;
  /** Names both ends; absent = they are named by address. */
  readonly names?: EndNamer;
  /** Attributes of the capturing host, for resources of ends that are no named processes. */
  readonly host?: Readonly<Record<string, TagValue>>;
}
