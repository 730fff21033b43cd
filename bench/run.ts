/**
 * `npm run bench`: CPU seconds per item of this program against the Go collector, one table.
 *
 *   npm run bench -- [--only TEXT] [--repeats 5] [--seconds 4] [--json FILE]
 *
 * Both programs get the same YAML, one core (the load and the sink have the other), and run in turn
 * A B A B ...; what is counted is user + system time of the process while load arrives, over the
 * items that it accepted. The Go collector is `$PEERS_DIR/bin/otelcol-lite` (`otelcol-dropin` for
 * what only that one has); without it only this program's own figures are printed. Before both, the
 * tables in ClickHouse are created with the same statements: those of the Go collector's exporter,
 * without it this program's own.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { manyPods, type RunningCluster, startCluster } from '../integration/k8s/cluster.ts';
import { KafkaBroker, kafkaObstacle } from '../integration/lib/kafka.ts';
import { freePort } from '../testing/ports.ts';
import {
  type Case,
  cases,
  configuration,
  needsDropin,
  offeredRate,
  type Ports,
  sinkConfiguration,
} from './lib/cases.ts';
import { createTables, settleMerges, tableStatements } from './lib/clickhouse.ts';
import { type Child, cpuSeconds, peakRssMb, sleep, start } from './lib/process.ts';
import { processorStage } from './lib/processors.ts';
import { type Row, table } from './lib/table.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    repeats: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const repeats = Number(values.repeats);
const loadMs = Number(values.seconds) * 1000;
const here = import.meta.dirname;
const root = join(here, '..');
const node = process.execPath;
const peer = join(process.env.PEERS_DIR ?? '', 'bin/otelcol-lite');
const hasPeer = process.env.PEERS_DIR !== undefined && existsSync(peer);
const scratch = mkdtempSync(join(tmpdir(), 'wirestitch-bench-'));
const flags = process.execArgv;

type Program = 'wirestitch' | 'otelcol';

let cluster: Promise<RunningCluster> | undefined;
let broker: KafkaBroker | undefined;

/** A broker that keeps little and takes large messages. */
async function startBroker(): Promise<void> {
  broker ??= await KafkaBroker.start([
    'message.max.bytes=16000000',
    'log.retention.bytes=200000000',
    'log.segment.bytes=50000000',
    'log.retention.check.interval.ms=2000',
  ]);
}

/** The kubeconfig of a cluster with the pods that the load names. */
async function kubeconfig(): Promise<string> {
  cluster ??= startCluster(manyPods(1000));
  return (await cluster).env.KUBECONFIG ?? '';
}

export interface Sample {
  itemsPerCpuSecond: number;
  /** Gateway and engine together; equal to the above without an engine. */
  itemsPerCpuSecondAll: number;
  rssMb: number;
}

function startProgram(
  program: Program,
  config: string,
  { kubeconfig = '', dropin = false } = {},
): Child {
  const env = { GOMAXPROCS: '1', KUBECONFIG: kubeconfig };
  const options = { core: 0, log: values.verbose, env };
  if (program === 'otelcol') {
    const command = dropin ? peer.replace(/lite$/, 'dropin') : peer;
    return start(command, ['--config', config], options);
  }
  return start(node, [...flags, join(root, 'gateway/main.ts'), '--config', config], options);
}

async function waitForPort(port: number): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    const open = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (open) return;
    await sleep(50);
  }
  throw new Error(`cannot reach port ${port} within 10 s`);
}

async function accepted(load: Child): Promise<number> {
  const line = load.line(/accepted/);
  load.process.kill('SIGUSR2');
  return (JSON.parse(await line) as { accepted: number }).accepted;
}

async function startEngine(ports: Ports, name: string): Promise<Child> {
  const engine = start(
    node,
    [
      join(root, 'gateway/main.ts'),
      'clickhouse',
      ...['--path', join(scratch, name), '--listen', `127.0.0.1:${ports.clickhouse}`],
    ],
    { log: values.verbose, env: { WIRESTITCH_ENGINE_PASSWORD: ports.password } },
  );
  await waitForPort(ports.clickhouse);
  return engine;
}

/** The engine may be a child of the process that was started: the CPU of all of them. */
function engineCpu(engine: Child | undefined): number {
  if (engine === undefined) return 0;
  return cpuSeconds(engine.pid) + childrenOf(engine.pid).reduce((s, p) => s + cpuSeconds(p), 0);
}

function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .split(' ')
        .filter((text) => text !== '')
        .map(Number)
    : [];
}

async function portsFor(sink: readonly number[]): Promise<Ports> {
  return {
    kafka: broker?.address ?? '',
    grpcIn: await freePort(),
    httpIn: await freePort(),
    grpcSink: sink[0] ?? 0,
    httpSink: sink[1] ?? 0,
    clickhouse: await freePort(),
    password: 'bench',
    database: 'bench',
  };
}

/** Starts a program with the configuration of a case, until it takes data. */
async function startCase(program: Program, test: Case, ports: Ports, name: string): Promise<Child> {
  const schema = program === 'wirestitch' && test.output === 'clickhouse' ? 'schema: otel' : '';
  const config = join(scratch, `${name}.yaml`);
  writeFileSync(config, configuration(test, ports, schema, program === 'otelcol'));
  const isCluster = processorStage(test.output)?.cluster === true;
  const child = startProgram(program, config, {
    kubeconfig: isCluster ? await kubeconfig() : '',
    dropin: needsDropin(test),
  });
  await waitForPort(ports.httpIn);
  return child;
}

/** The statements for the tables that the programs write to: what the peer creates at its start. */
async function tablesOf(test: Case, sink: readonly number[]): Promise<string[]> {
  const ports = await portsFor(sink);
  const engine = await startEngine(ports, 'tables');
  const child = await startCase(hasPeer ? 'otelcol' : 'wirestitch', test, ports, 'tables');
  const statements = await tableStatements(ports, ports.database);
  await child.stop();
  await engine.stop();
  rmSync(join(scratch, 'tables'), { recursive: true, force: true });
  if (statements.length === 0) throw new Error(`cannot find the tables of ${test.name}`);
  return statements;
}

async function measure(
  program: Program,
  test: Case,
  sink: readonly number[],
  tables: readonly string[],
): Promise<Sample> {
  const ports = await portsFor(sink);
  const name = `${program}-${Date.now()}`;
  const engine = test.output === 'clickhouse' ? await startEngine(ports, name) : undefined;
  if (engine !== undefined) await createTables(ports, ports.database, tables);
  const child = await startCase(program, test, ports, name);
  const stage = processorStage(test.output);
  const load = start(
    node,
    [
      join(here, 'lib/load.ts'),
      JSON.stringify({
        protocol: test.protocol,
        port: test.protocol === 'grpc' ? ports.grpcIn : ports.httpIn,
        signal: test.signal,
        items: test.items,
        compression: test.compression,
        inFlight: 16,
        rate: offeredRate(test),
        spansPerTrace: stage?.spansPerTrace ?? 0,
        fresh: stage?.fresh ?? false,
      }),
    ],
    { core: 1 },
  );
  await load.line(/ready/);
  await sleep(stage?.warmUpMs ?? 1500);
  const before = {
    items: await accepted(load),
    cpu: cpuSeconds(child.pid),
    all: engineCpu(engine),
  };
  await sleep(test.output === 'clickhouse' ? Math.max(loadMs, 12_000) : loadMs);
  const items = (await accepted(load)) - before.items;
  const cpu = cpuSeconds(child.pid) - before.cpu;
  const rssMb = peakRssMb(child.pid);
  await load.stop();
  await child.stop();
  let all = cpu;
  if (engine !== undefined) {
    await settleMerges(ports);
    all += engineCpu(engine) - before.all;
    await engine.stop();
    rmSync(join(scratch, name), { recursive: true, force: true });
  }
  return { itemsPerCpuSecond: items / cpu, itemsPerCpuSecondAll: items / all, rssMb };
}

async function runCase(test: Case, sink: readonly number[]): Promise<Row> {
  const tables = test.output === 'clickhouse' ? await tablesOf(test, sink) : [];
  const samples: Record<Program, Sample[]> = { wirestitch: [], otelcol: [] };
  for (let i = 0; i < repeats; i += 1) {
    const order: Program[] = i % 2 === 0 ? ['wirestitch', 'otelcol'] : ['otelcol', 'wirestitch'];
    for (const program of order) {
      if (program === 'otelcol' && !hasPeer) continue;
      samples[program].push(await measure(program, test, sink, tables));
    }
  }
  return { test, ours: samples.wirestitch, theirs: samples.otelcol };
}

/** The backend for both: this program, which takes OTLP and forgets it faster than either sends. */
async function startSink(): Promise<{ child: Child; ports: number[] }> {
  const ports = [await freePort(), await freePort()];
  const config = join(scratch, 'sink.yaml');
  writeFileSync(config, sinkConfiguration(ports));
  const child = start(node, [...flags, join(root, 'gateway/main.ts'), '--config', config], {
    core: 1,
  });
  await waitForPort(ports[1] ?? 0);
  return { child, ports };
}

const { child: sink, ports: ready } = await startSink();
if (!hasPeer) console.log('The Go collector is not there (PEERS_DIR): own figures only.');
const rows: Row[] = [];
try {
  for (const test of cases.filter((c) => c.name.includes(values.only))) {
    if (test.output === 'kafka') {
      const obstacle = kafkaObstacle();
      if (obstacle !== '') {
        console.log(`${test.name}: left out, ${obstacle}`);
        continue;
      }
      await startBroker();
    }
    rows.push(await runCase(test, ready));
    console.log(table(rows.slice(-1), rows.length === 1));
  }
} finally {
  await sink.stop();
  await (await cluster)?.stop();
  await broker?.stop();
  rmSync(scratch, { recursive: true, force: true });
}
console.log(
  `\nload average at the end: ${loadavg()
    .map((v) => v.toFixed(1))
    .join(' ')}`,
);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(rows, null, 1));
