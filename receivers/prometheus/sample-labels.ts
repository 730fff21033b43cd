import type { Job } from './job.ts';
import { type LabelMap, relabel, setLabel } from './relabel.ts';
import type { Target } from './target.ts';

/** Why the samples of a target cannot be taken. */
export class SampleFault extends Error {}

/**
 * The labels of a series as it is stored: with those of its target, relabeled.
 * @param exposed names and values, alternating, sorted
 * @returns flat and sorted; undefined = relabeling drops it
 * @throws SampleFault when the labels break a rule or a limit
 */
export function storedLabels(
  job: Job,
  target: Target,
  exposed: readonly string[],
): readonly string[] | undefined {
  const labels: LabelMap = new Map();
  for (let i = 0; i < exposed.length; i += 2) {
    const name = exposed[i]!;
    if (name === exposed[i + 2]) {
      throw new SampleFault(`invalid sample: non-unique label names: ${JSON.stringify(name)}`);
    }
    setLabel(labels, name, exposed[i + 1]!);
  }
  addTargetLabels(labels, target.labels, job.config.honor_labels);
  if (!relabel(job.metricRules, labels)) return undefined;
  if (labels.size === 0) return undefined;
  check(job, labels);
  for (let i = 0; i < job.external.length; i += 2) {
    setLabel(labels, job.external[i]!, job.external[i + 1]!);
  }
  return flat(labels);
}

/** The labels of a metric about the scrape itself. */
export function reportLabels(job: Job, target: Target, name: string): readonly string[] {
  const labels: LabelMap = new Map([['__name__', name]]);
  for (const list of [target.labels, job.external]) {
    for (let i = 0; i < list.length; i += 2) setLabel(labels, list[i]!, list[i + 1]!);
  }
  return flat(labels);
}

function flat(labels: LabelMap): readonly string[] {
  return [...labels].sort(([a], [b]) => (a < b ? -1 : 1)).flat();
}

function addTargetLabels(labels: LabelMap, own: readonly string[], honor: boolean): void {
  const displaced: [string, string][] = [];
  for (let i = 0; i < own.length; i += 2) {
    const name = own[i]!;
    const exposed = labels.get(name);
    if (exposed !== undefined && honor) continue;
    if (exposed !== undefined) displaced.push([name, exposed]);
    setLabel(labels, name, own[i + 1]!);
  }
  displaced.sort(([a], [b]) => a.length - b.length);
  for (const [name, value] of displaced) {
    let renamed = `exported_${name}`;
    while (labels.has(renamed)) renamed = `exported_${renamed}`;
    labels.set(renamed, value);
  }
}

function check(job: Job, labels: LabelMap): void {
  const metric = labels.get('__name__');
  if (metric === undefined) throw new SampleFault('missing metric name (__name__ label)');
  if (!job.utf8) {
    const bad = [...labels.keys()].find((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name));
    if (bad !== undefined || !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric)) {
      throw new SampleFault(`invalid metric name or label names: ${metric}, ${bad ?? ''}`);
    }
  }
  const shown = metric.slice(0, 50);
  const { labelLimit, labelNameLimit, labelValueLimit } = job;
  if (labelLimit > 0 && labels.size > labelLimit) {
    const what = `number of labels: ${labels.size}, limit: ${labelLimit}`;
    throw new SampleFault(`label_limit exceeded (metric: ${shown}, ${what})`);
  }
  if (labelNameLimit === 0 && labelValueLimit === 0) return;
  for (const [name, value] of labels) {
    const at = `(metric: ${shown}, label name: ${name.slice(0, 50)}`;
    if (labelNameLimit > 0 && Buffer.byteLength(name) > labelNameLimit) {
      throw new SampleFault(`label_name_length_limit exceeded ${at}, limit: ${labelNameLimit})`);
    }
    if (labelValueLimit > 0 && Buffer.byteLength(value) > labelValueLimit) {
      throw new SampleFault(`label_value_length_limit exceeded ${at}, limit: ${labelValueLimit})`);
    }
  }
}
