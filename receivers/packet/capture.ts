import { CaptureEngine, defaultEngineLimits } from '../../agent/engine.ts';
import type { EntityReporter } from '../../agent/entities/reporter.ts';
import { FlowLogWriter } from '../../agent/flow/log-writer.ts';
import { protocols } from '../../agent/l7/registry.ts';
import { NetworkMeters } from '../../agent/metrics/network.ts';
import { OutcomeReader } from '../../agent/metrics/outcome.ts';
import { RequestMeters } from '../../agent/metrics/requests.ts';
import { MetricsWriter } from '../../agent/metrics/writer.ts';
import type { Ends, Vantage } from '../../agent/session/conversation.ts';
import { Attribute } from '../../agent/spans/attributes.ts';
import { SpanWriter } from '../../agent/spans/writer.ts';
import type { Naming } from '../../agent/tags/create.ts';
import type { EndNamer, NamedEnds, SeenEnd } from '../../agent/tags/types.ts';
import type { Consumers } from '../../component/consumer.ts';
import type { Clock, Settings } from '../../component/settings.ts';
import type { Batch } from '../../pdata/batch.ts';
import { isClientSide, type ObservationPoint } from '../../wire/observation/points.ts';
import type { Config } from './config.ts';

/** What captures make: spans, flow logs and entities, metrics of flows and requests. */
export type CaptureSignal = 'traces' | 'logs' | 'metrics';

/** What a capture has made and that goes to the pipelines. */
export interface Output {
  readonly signal: CaptureSignal;
  readonly batch: Batch<CaptureSignal>;
}

/** What live sources know beside packets. */
export interface CaptureSurroundings {
  /** Attributes of the capturing host. */
  readonly host: Readonly<Record<string, string>>;
  vantageOf(ends: Ends): Vantage | undefined;
  /** Names of processes and ends, where they are wanted. */
  readonly naming: Naming | undefined;
  /** Whether a flow is the program's own. */
  isOwn(ends: Ends): boolean;
}

const SCOPE = 'wirestitch/packet';

/**
 * One engine and what writes its findings: spans, flow records and metrics, each only where a
 * pipeline wants them.
 */
export class Capture {
  readonly engine: CaptureEngine;
  private readonly spans: SpanWriter | undefined;
  private readonly flows: FlowLogWriter | undefined;
  private readonly metrics: MetricsWriter | undefined;
  private readonly network: NetworkMeters | undefined;
  private readonly requests: RequestMeters | undefined;
  private readonly config: Config;
  private readonly clock: Clock;
  private readonly entities: EntityReporter | undefined;
  private readonly pointOf: (ends: Ends) => ObservationPoint;

  constructor(
    settings: Settings,
    config: Config,
    next: Consumers,
    surroundings: CaptureSurroundings | undefined,
  ) {
    this.config = config;
    this.clock = settings.clock;
    const pointOf = (ends: Ends): ObservationPoint => pointFor(config, ends, surroundings);
    this.pointOf = pointOf;
    const resource: Record<string, string> = {
      [Attribute.source]: 'packet',
      ...(config.capture_name === '' ? {} : { [Attribute.captureName]: config.capture_name }),
      ...surroundings?.host,
    };
    const names = surroundings?.naming?.names;
    if (next.traces !== undefined) this.spans = spanWriter(config, names, surroundings?.host);
    if (next.logs !== undefined) {
      const named = names === undefined ? {} : { namesOf: namesOf(names, surroundings) };
      this.flows = new FlowLogWriter({ resource, scope: SCOPE, pointOf, ...named });
      this.entities = surroundings?.naming?.reporter;
    }
    if (next.metrics !== undefined) {
      const { by, max_series: maxSeries, temporality, interval } = config.metrics;
      this.network = new NetworkMeters({ by, maxSeries, pointOf });
      this.requests = new RequestMeters({ maxSeries, pointOf });
      const options = { resource, scope: SCOPE, temporality, intervalSeconds: interval / 1000 };
      this.metrics = new MetricsWriter(options, this.network, this.requests);
    }
    this.engine = this.makeEngine(settings, surroundings);
  }

  /** Findings of more than `least` items, ready to be handed on. @param least 1 = all there are */
  take(least: number): Output[] {
    const out: Output[] = [];
    const { spans, flows, metrics } = this;
    const put = (signal: CaptureSignal, batch: Output['batch'] | undefined): void => {
      if (batch !== undefined) out.push({ signal, batch });
    };
    if (spans !== undefined && spans.count >= least) put('traces', spans.flush());
    if (flows !== undefined && flows.count >= least) put('logs', flows.flush());
    if (least === 1)
      put('logs', this.entities?.flush(BigInt(Math.floor(this.clock.unixMs())) * 1_000_000n));
    if (metrics !== undefined && metrics.count >= least) put('metrics', metrics.flush());
    return out;
  }

  /** Points that were added up in the series for what has no room, so far. */
  get overflowed(): number {
    const requests = this.requests;
    const errors = requests === undefined ? 0 : requests.errors.overflowed;
    return (this.network?.series.overflowed ?? 0) + (requests?.series.overflowed ?? 0) + errors;
  }

  /** Nothing comes any more: what is held is finished. */
  finish(): void {
    this.engine.finish();
    this.metrics?.finish();
  }

  private makeEngine(
    settings: Settings,
    surroundings: CaptureSurroundings | undefined,
  ): CaptureEngine {
    const { config, spans, flows, metrics, network, requests } = this;
    const { obfuscate, endpoint_segments: endpointSegments } = config;
    const outcomes = new OutcomeReader({ endpointSegments, obfuscate });
    const isOwn = (ends: Ends): boolean => surroundings?.isOwn(ends) === true;
    const seed = settings.random.bytes(4);
    return new CaptureEngine(
      {
        protocols: config.protocols.map((name) => protocols[name]()),
        limits: limitsOf(config),
        separateInterfaces: config.separate_interfaces,
        hashSeed: new DataView(seed.buffer, seed.byteOffset).getUint32(0),
        captureName: config.capture_name,
        ...(flows === undefined
          ? {}
          : {
              flows: (record) => {
                if (!isOwn(record.ends)) flows.add(record);
              },
            }),
        ...(network === undefined ? {} : { meters: network }),
        ...(flows === undefined && requests === undefined
          ? {}
          : {
              requests: (session) => {
                const ends = session.conversation.ends();
                const outcome = outcomes.of(session, isClientSide(this.pointOf(ends)));
                if (!isOwn(ends)) requests?.add(session, outcome);
                return outcome;
              },
            }),
        ...(metrics === undefined ? {} : { onTime: (second: number) => metrics.advance(second) }),
        ...(surroundings === undefined
          ? {}
          : { vantageOf: (ends) => vantageFor(config, ends, surroundings) }),
      },
      (session, baseSeconds) => {
        if (spans !== undefined && !isOwn(session.conversation.ends())) {
          spans.add(session, baseSeconds);
        }
      },
    );
  }
}

/** Who is at the ends of a flow. */
function namesOf(names: EndNamer, surroundings: CaptureSurroundings | undefined) {
  return (ends: Ends, unixNanos: bigint): NamedEnds => {
    const networkNamespace = surroundings?.vantageOf(ends)?.networkNamespace || undefined;
    const end = (address: string, port: number): SeenEnd => ({
      ...{ address, port, networkNamespace, pid: undefined },
    });
    return names.name(
      end(ends.clientAddress, ends.clientPort),
      end(ends.serverAddress, ends.serverPort),
      unixNanos,
      ends.transport,
    );
  };
}

function spanWriter(
  config: Config,
  names: EndNamer | undefined,
  host: Readonly<Record<string, string>> | undefined,
): SpanWriter {
  return new SpanWriter({
    captureName: config.capture_name,
    source: 'packet',
    observationPoint: config.observation_point,
    endpointSegments: config.endpoint_segments,
    obfuscate: config.obfuscate,
    ...(host === undefined ? {} : { host }),
    ...(names === undefined ? {} : { names }),
  });
}

function limitsOf(config: Config): typeof defaultEngineLimits {
  const { flows, streams, sessions } = defaultEngineLimits;
  return {
    ...defaultEngineLimits,
    flows: { ...flows, maxFlows: config.max_flows },
    streams: { ...streams, maxTotalBytes: config.max_reassembly_size },
    sessions: { ...sessions, maxOpen: config.max_open_sessions },
  };
}

function vantageFor(
  config: Config,
  ends: Ends,
  surroundings: CaptureSurroundings,
): Vantage | undefined {
  const vantage = surroundings.vantageOf(ends);
  if (vantage === undefined || config.observation_point === 'rest') return vantage;
  return { ...vantage, point: config.observation_point };
}

/** Where a flow is seen: as configured, else as its addresses show. */
function pointFor(
  config: Config,
  ends: Ends,
  surroundings: CaptureSurroundings | undefined,
): ObservationPoint {
  if (config.observation_point !== 'rest') return config.observation_point;
  const point = surroundings?.vantageOf(ends)?.point;
  if (point !== undefined) return point;
  const loopback = ends.serverAddress === '::1' || ends.serverAddress.startsWith('127.');
  return loopback || ends.clientAddress === ends.serverAddress ? 'local' : 'rest';
}
