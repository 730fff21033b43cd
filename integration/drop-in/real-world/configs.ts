/** Configurations that people start from, as they are. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Kind } from '../../../component/factory.ts';
import { findComponent } from '../../../gateway/components.ts';
import { sectionOf } from '../../../gateway/config/sections.ts';
import { headerOf } from '../lib/fragment.ts';

const folder = join(import.meta.dirname, 'configs');

type Place = { [key: string]: unknown };

export interface RealConfig {
  readonly name: string;
  /** Where it comes from. */
  readonly from: string;
  readonly file: string;
  readonly text: string;
  readonly env: Readonly<Record<string, string>>;
  readonly gates: string;
  /** What both programs' refusals contain; '' = it is accepted. */
  readonly rejects: string;
}

export function realConfigs(names: readonly string[] = []): RealConfig[] {
  return globSync('*.yaml', { cwd: folder })
    .sort()
    .map((file) => read(join(folder, file)))
    .filter(({ name }) => names.length === 0 || names.includes(name));
}

function read(file: string): RealConfig {
  const text = readFileSync(file, 'utf8');
  const header = headerOf(text);
  const pairs = (header.get('env') ?? '').split(/\s+/).filter(Boolean);
  return {
    name: basename(file, '.yaml'),
    from: header.get('from') ?? '',
    file,
    text,
    env: Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
    gates: header.get('gates') ?? '',
    rejects: header.get('rejects') ?? '',
  };
}

const kinds = Object.keys(sectionOf) as Kind[];

const typeOf = (id: string): string => id.split('/', 1)[0]!.trim();

/** `kind-type` of every component of a configuration, as it is written. */
export function typesIn(text: string): Set<string> {
  const config = parseText(text);
  return new Set(
    kinds.flatMap((kind) =>
      Object.keys((config[sectionOf[kind]] ?? {}) as Place).map((id) => `${kind}-${typeOf(id)}`),
    ),
  );
}

/** Those of them that this program has not. */
export function absentIn(text: string): string[] {
  return [...typesIn(text)].filter((name) => {
    const [kind = '', type = ''] = name.split(/-(.*)/s);
    return findComponent(kind as Kind, type) === undefined;
  });
}

const parseText = (text: string) => parse(text, { version: '1.1', merge: true }) as Place;

/**
 * The configuration without the components of some types (`kind-type`) or ids (`kind/id`), and
 * without pipelines that lose an end.
 */
export function without(text: string, absent: ReadonlySet<string>): Place {
  const config = parseText(text);
  const gone = new Set<string>();
  for (const kind of kinds) {
    const section = (config[sectionOf[kind]] ?? {}) as Place;
    for (const id of Object.keys(section)) {
      if (!absent.has(`${kind}-${typeOf(id)}`) && !absent.has(`${kind}/${id}`)) continue;
      gone.add(`${kind}/${id}`);
      delete section[id];
    }
  }
  const service = config.service as Place;
  const left = (kind: Kind, ids: unknown) =>
    ((ids ?? []) as string[]).filter((id) => !gone.has(`${kind}/${id}`));
  if (service.extensions !== undefined) {
    service.extensions = left('extension', service.extensions);
  }
  for (const [id, pipeline] of Object.entries(service.pipelines as Record<string, Place>)) {
    for (const kind of ['receiver', 'processor', 'exporter'] as const) {
      pipeline[sectionOf[kind]] = left(kind, pipeline[sectionOf[kind]]);
    }
    const ends = [pipeline.receivers, pipeline.exporters] as string[][];
    if (ends.some((ids) => ids.length === 0)) delete (service.pipelines as Place)[id];
  }
  return config;
}

/** Whether anything is left to send data through. */
export function hasPipelines(config: Place): boolean {
  const { pipelines } = config.service as Place;
  const left = Object.keys(pipelines as Place).filter((id) => !id.startsWith('profiles'));
  const receivers = Object.keys((config.receivers ?? {}) as Place);
  return left.length > 0 && receivers.some((id) => typeOf(id) === 'otlp');
}

/**
 * The configuration as it can be started beside others: listeners on free ports, OTLP over HTTP at
 * `${env:RECEIVE}`, everything also sent to `${env:SINK}`, the cluster of `KUBECONFIG`, the host's
 * own root, no targets to scrape, and no wait for backends that are not there.
 * @param freePort a port for each call
 */
export function startable(config: Place, freePort: () => number): string {
  const part = (section: string) => (config[section] ?? {}) as Record<string, Place | null>;
  for (const section of ['receivers', 'extensions']) moveListeners(config[section], freePort);
  for (const [id, receiver] of Object.entries(part('receivers'))) {
    if (typeOf(id) === 'otlp') {
      const protocols = (receiver!.protocols ?? {}) as Place;
      protocols.http = { ...(protocols.http as Place | null), endpoint: '${env:RECEIVE}' };
      if ('grpc' in protocols) protocols.grpc = { endpoint: '127.0.0.1:0' };
    }
    if (receiver?.root_path === '/hostfs') delete receiver.root_path;
    if (typeOf(id) === 'prometheus') {
      receiver!.config = { scrape_configs: [{ job_name: 'none', static_configs: [] }] };
    }
  }
  for (const [id, extension] of Object.entries(part('extensions'))) {
    const type = typeOf(id);
    if (!['health_check', 'pprof', 'zpages'].includes(type)) continue;
    part('extensions')[id] = { ...extension, endpoint: '127.0.0.1:0' };
  }
  for (const [id, processor] of Object.entries(part('processors'))) {
    const type = typeOf(id);
    if (type.startsWith('k8s')) {
      Object.assign(processor!, { auth_type: 'kubeConfig', wait_for_metadata: true });
    }
    if (type.startsWith('resource') && Array.isArray(processor?.detectors)) {
      processor.detectors = processor.detectors.filter((name) => !inCluster.includes(name));
    }
  }
  for (const [id, exporter] of Object.entries(part('exporters'))) {
    if (typeOf(id).startsWith('otlp')) exporter!.retry_on_failure = { enabled: false };
  }
  sendToSink(config);
  return stringify(config, { version: '1.1' });
}

/** Detectors that ask the API of the cluster that the program runs in. */
const inCluster: readonly unknown[] = ['k8s_api', 'eks'];

function sendToSink(config: Place): void {
  const sink = {
    endpoint: '${env:SINK}',
    compression: 'none',
    sending_queue: { enabled: false },
  };
  config.exporters = { ...(config.exporters as Place), 'otlp_http/sink': sink };
  const service = config.service as Place;
  for (const [id, pipeline] of Object.entries(service.pipelines as Record<string, Place>)) {
    pipeline.exporters = [...(pipeline.exporters as string[]), 'otlp_http/sink'];
    if (id.startsWith('profiles')) delete (service.pipelines as Place)[id];
  }
  const telemetry = (service.telemetry ?? {}) as Place;
  service.telemetry = { resource: telemetry.resource ?? {}, metrics: { level: 'none' } };
}

/** Every `endpoint: host:port` below a section. */
function moveListeners(place: unknown, freePort: () => number): void {
  if (typeof place !== 'object' || place === null) return;
  for (const [key, value] of Object.entries(place)) {
    if (key === 'endpoint' && typeof value === 'string') {
      (place as Place)[key] = `127.0.0.1:${freePort()}`;
    } else moveListeners(value, freePort);
  }
}
