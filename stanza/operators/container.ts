import { z } from 'zod';
import { typeName, type Value, type ValueMap } from '../../expr/index.ts';
import {
  commonOf,
  decodeSection,
  identity,
  type OperatorBuilder,
  parserKeys,
  parserRun,
  unknownKeysOf,
} from '../build.ts';
import type { Entry, Origin } from '../entry/entry.ts';
import { getField } from '../entry/field.ts';
import { OperatorFault } from '../fault.ts';
import {
  type Common,
  type EntryTarget,
  type Surroundings,
  TransformOperator,
} from '../operator.ts';
import { KnownPaths, splitLine } from '../parse/container.ts';
import { parseJsonObject } from '../parse/json.ts';
import { logSize, transformerKeys } from '../schema.ts';
import { splitLayout } from '../time/chunks.ts';
import { parseTime } from '../time/parse-time.ts';
import { timeText } from '../time/time-parser.ts';
import { local, utc } from '../time/zone.ts';
import { containerRecombine, Recombine } from './recombine.ts';

const schema = z.looseObject({
  ...transformerKeys,
  ...parserKeys,
  format: z.string().default(''),
  add_metadata_from_filepath: z.boolean().default(true),
  max_log_size: logSize().prefault(1024 * 1024),
});

type Format = 'docker' | 'crio' | 'containerd';
type Run = (entry: Entry, around: Surroundings) => void;

const offsetTime = splitLayout('2006-01-02T15:04:05.999999999Z07:00');
const utcTime = splitLayout('2006-01-02T15:04:05.999Z');

function parseLine(format: 'crio' | 'containerd', value: Value): ValueMap {
  if (typeof value !== 'string') {
    throw new Error(`type '${typeName(value)}' cannot be parsed as ${format} container logs`);
  }
  const found = splitLine(value);
  if (found?.format !== format) throw new Error('regex pattern does not match');
  const { time, stream, logtag, log } = found;
  return new Map([
    ['time', time],
    ['stream', stream],
    ['logtag', logtag],
    ['log', log],
  ]);
}

function parseDocker(value: Value): ValueMap {
  if (typeof value === 'string') return parseJsonObject(value, false);
  throw new Error(`type '${typeName(value)}' cannot be parsed as docker container logs`);
}

function detect(value: Value | undefined): Format {
  const fail = 'failed to detect a valid container log format: ';
  if (value === undefined) throw new Error(`${fail}entry cannot be parsed as container logs`);
  if (typeof value !== 'string') {
    throw new Error(`${fail}type '${typeName(value)}' cannot be parsed as container logs`);
  }
  if (value.startsWith('{')) return 'docker';
  const found = splitLine(value);
  if (found !== undefined) return found.format;
  throw new Error(`${fail}entry cannot be parsed as container logs: ${value}`);
}

function takeAttribute(entry: Entry, name: string): Value {
  const value = entry.attributes?.get(name);
  if (value === undefined) throw new Error(`move: field attributes.${name} does not exist`);
  entry.attributes!.delete(name);
  return value;
}

/** Time, body and stream. */
function settle(entry: Entry, format: Format, nowMs: number): void {
  const time = entry.attributes?.get('time');
  if (time === undefined) throw new Error('failed to parse time: failed to get the time');
  try {
    const [chunks, zone] = format === 'crio' ? [offsetTime, local] : [utcTime, utc];
    entry.timestamp = parseTime(chunks, timeText(time), zone, nowMs);
  } catch (error) {
    throw new Error(`failed to parse time: ${(error as Error).message}`);
  }
  entry.attributes!.delete('time');
  entry.body = takeAttribute(entry, 'log');
  entry.attributes!.set('log.iostream', takeAttribute(entry, 'stream'));
}

/** What the file's path says. */
function addPathMetadata(entry: Entry, id: string, paths: KnownPaths): void {
  const path = entry.attributes?.get('log.file.path');
  if (path === undefined) {
    throw new Error(
      `operator '${id}' has 'add_metadata_from_filepath' enabled, but the log record attribute 'log.file.path' is missing. Perhaps enable the 'include_file_path' option?`,
    );
  }
  if (typeof path !== 'string') {
    throw new Error(`type '${typeName(path)}' cannot be parsed as log path field`);
  }
  const found = paths.metadata(path);
  if (found === undefined) throw new Error('failed to detect a valid log path');
  entry.resource ??= new Map();
  for (const [name, text] of found) entry.resource.set(name, text);
}

interface Options {
  readonly format: Format | undefined;
  readonly fromPath: boolean;
  readonly maxBytes: number;
  readonly runs: Readonly<Record<Format, Run>>;
  readonly parseFrom: Parameters<typeof getField>[1];
}

/** Parses what Docker, CRI-O and containerd write, and joins their partial lines. */
class Container extends TransformOperator {
  readonly #options: Options;
  readonly #recombine: Recombine;
  readonly #paths = new KnownPaths();

  constructor(
    id: string,
    outputIds: readonly string[] | undefined,
    around: Surroundings,
    common: Common,
    options: Options,
  ) {
    super(id, outputIds, around, common);
    this.#options = options;
    const inner: Common = { onError: 'send', condition: undefined };
    const how = containerRecombine(options.maxBytes);
    this.#recombine = new Recombine(`${id}_recombine`, outputIds, around, inner, how);
  }

  override connect(find: (id: string) => EntryTarget): void {
    super.connect(find);
    this.#recombine.connect(find);
  }

  protected transform(): void {}

  override process(entries: Entry[]): void {
    const out: Entry[] = [];
    for (const entry of entries) {
      try {
        if (this.skips(entry)) out.push(entry);
        else if (this.#treat(entry) === 'docker') out.push(entry);
        else this.#recombine.join(entry, out);
      } catch (error) {
        if (this.failed(entry, error)) out.push(entry);
      }
    }
    this.outputs.write(out);
    this.#recombine.watch();
  }

  #treat(entry: Entry): Format {
    const { format: given, runs, parseFrom, fromPath } = this.#options;
    const format = given ?? detect(getField(entry, parseFrom));
    runs[format](entry, this.around);
    settle(entry, format, this.around.clock.unixMs());
    if (fromPath) addPathMetadata(entry, this.id, this.#paths);
    return format;
  }

  override stop(): void {
    this.#recombine.stop();
  }

  override held(): Iterable<Origin> {
    return this.#recombine.held();
  }
}

/** Whether only the body is parsed, into attributes. */
function isPlain(config: z.output<typeof schema>): boolean {
  const { output, parse_from: from, parse_to: to } = config;
  return (
    output === undefined &&
    from.root === 'body' &&
    to.root === 'attributes' &&
    from.keys.length + to.keys.length === 0 &&
    [config.body, config.timestamp, config.severity, config.trace, config.scope_name].every(
      (given) => given === undefined,
    )
  );
}

const formats: readonly string[] = ['docker', 'crio', 'containerd', ''];

/** Operator `container`: lines of Docker, CRI-O and containerd, with parts of long lines joined. */
export const container: OperatorBuilder = (section) => {
  const config = decodeSection(schema, section);
  const common = commonOf(config);
  const { format } = config;
  if (!formats.includes(format)) {
    throw new OperatorFault(
      `operator config has an invalid \`format\` field ${JSON.stringify(format)}: one of docker, crio, containerd`,
      ['format'],
    );
  }
  const options: Options = {
    format: format === '' ? undefined : (format as Format),
    fromPath: config.add_metadata_from_filepath,
    maxBytes: config.max_log_size,
    parseFrom: config.parse_from,
    runs: {
      docker: parserRun(config, parseDocker),
      crio: parserRun(config, (value) => parseLine('crio', value)),
      containerd: parserRun(config, (value) => parseLine('containerd', value)),
    },
  };
  return {
    ...identity(config),
    unknownKeys: unknownKeysOf(schema, section),
    container: isPlain(config) && common.condition === undefined ? options : undefined,
    create: (id, outputIds, around) => new Container(id, outputIds, around, common, options),
  };
};
