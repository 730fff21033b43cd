/** Sends the same data through a configuration in either program. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../../testing/ports.ts';
import { objects, type RunningCluster, startCluster } from '../../k8s/cluster.ts';
import type { Item } from '../lib/canonical.ts';
import { type Outcome, play, type Scenario, type Start } from '../lib/scenario.ts';
import { hasPipelines, type RealConfig, startable, without } from './configs.ts';
import { limits } from './missing.ts';

const steps = JSON.parse(
  readFileSync(join(import.meta.dirname, 'input.json'), 'utf8'),
) as Scenario['steps'];

/** Milliseconds without output before a program is stopped; a host is looked at after one second. */
const settle = { usual: 400, host: 1500 } as const;

/**
 * @param absent components that are left out
 * @returns undefined when nothing is left that data can be sent to
 */
export async function playReal(
  one: RealConfig,
  absent: ReadonlySet<string>,
  start: Start,
): Promise<Outcome | undefined> {
  const rest = without(one.text, new Set([...absent, ...(limits[one.name]?.ids ?? [])]));
  if (!hasPipelines(rest)) return undefined;
  const ports = await freePorts(16);
  const config = startable(rest, () => ports.pop()!);
  const cluster = /k8s_?attributes/.test(config) ? await startCluster(objects()) : undefined;
  try {
    const scenario: Scenario = {
      name: one.name,
      folder: '',
      component: '',
      config,
      steps,
      ignored: new Set(['startTimeUnixNano', 'timeUnixNano', '@collector.instance.id']),
      settleMs: /host_?metrics/.test(config) ? settle.host : settle.usual,
      alone: '',
      gates: '',
      env: { ...one.env, ...envOf(cluster) },
    };
    return shortened(await play(scenario, start));
  } finally {
    await cluster?.stop();
  }
}

const envOf = (cluster: RunningCluster | undefined) => cluster?.env ?? {};

/**
 * What a host measures differs from one to the next: its metrics count by name, unit and kind. What
 * span_metrics counted is told at the end here, and lost there: it is left out.
 */
function shortened({ responses, output }: Outcome): Outcome {
  const others = output.metrics.filter((item) => !isFrom(item, 'spanmetricsconnector'));
  const metrics = new Map(
    others.map((item) => {
      const short = isFrom(item, 'hostmetricsreceiver') ? nameOf(item) : item;
      return [JSON.stringify(short), short] as const;
    }),
  );
  const sorted = [...metrics].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  return { responses, output: { ...output, metrics: sorted } };
}

const isFrom = ({ scope }: Item, part: string) => JSON.stringify(scope ?? {}).includes(part);

function nameOf({ item, scope }: Item): Item {
  const { name, unit, kind, sum } = item as Item;
  const { version: _, ...where } = scope as Item;
  return { name, unit, kind, sum: sum ?? null, scope: where };
}
