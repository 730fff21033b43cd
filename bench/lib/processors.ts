/** Processors that stand between the receiver and `batch`, and how they are loaded. */
import type { LoadSignal } from './payload.ts';

interface ProcessorStage {
  /** The keys of the processor. */
  readonly yaml: string;
  /** Spans of each trace, in requests of distinct traces; 0 = the same request again and again. */
  readonly spansPerTrace: number;
  /** Spans a second, so that both programs hold the same window; 0 = as many as they take. */
  readonly rate: number;
  /** Time until the window is full, in ms. */
  readonly warmUpMs: number;
  /** Default: traces. */
  readonly signal?: LoadSignal;
  /** Every request has points of its own, later than those before, on the same streams. */
  readonly fresh?: boolean;
  /** The peer is otelcol-dropin: otelcol-lite has no such processor, or an older one. */
  readonly dropin?: boolean;
  /** Both programs follow a replayed Kubernetes cluster with a thousand pods. */
  readonly cluster?: boolean;
}

const policies = [
  '{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}',
  '{name: slow, type: latency, latency: {threshold_ms: 5000}}',
  '{name: checkout, type: string_attribute, string_attribute: {key: http.route, values: [/checkout]}}',
  '{name: some, type: probabilistic, probabilistic: {sampling_percentage: 10}}',
].join(', ');

const tail = `{decision_wait: 2s, num_traces: 200000, policies: [${policies}]}`;

const podName =
  '[{sources: [{from: resource_attribute, name: k8s.pod.name}, ' +
  '{from: resource_attribute, name: k8s.namespace.name}]}]';
const kubernetes =
  `{auth_type: kubeConfig, wait_for_metadata: true, pod_association: ${podName}, ` +
  'extract: {labels: [{key: app}]}}';

/** Three patterns that are looked for in every value, as cards, addresses and tokens would be. */
const redaction =
  '{allow_all_keys: true, blocked_values: ["4[0-9]{12}(?:[0-9]{3})?", ' +
  '"[a-z0-9._]+@[a-z0-9-]+[.][a-z]+", "^Bearer .*"], summary: silent}';

const renaming =
  '{transforms: [{include: "^system[.](.*)$$", match_type: regexp, action: update, ' +
  'new_name: "host.$$1", operations: [{action: add_label, new_label: team, new_value: shop}, ' +
  '{action: update_label, label: device, new_label: disk}]}]}';

const stages = {
  tail_sampling: { yaml: tail, spansPerTrace: 5, rate: 60_000, warmUpMs: 5000 },
  'tail_sampling, a span a trace': { yaml: tail, spansPerTrace: 1, rate: 40_000, warmUpMs: 5000 },
  groupbytrace: {
    yaml: '{wait_duration: 2s, num_traces: 200000}',
    spansPerTrace: 5,
    rate: 40_000,
    warmUpMs: 4000,
  },
  k8s_attributes: {
    yaml: kubernetes,
    spansPerTrace: 0,
    rate: 0,
    warmUpMs: 1500,
    cluster: true,
    dropin: true,
  },
  redaction: { yaml: redaction, spansPerTrace: 0, rate: 0, warmUpMs: 1500, dropin: true },
  metrics_transform: {
    yaml: renaming,
    spansPerTrace: 0,
    rate: 0,
    warmUpMs: 1500,
    signal: 'metrics',
    dropin: true,
  },
  cumulativetodelta: {
    yaml: '{}',
    spansPerTrace: 0,
    rate: 0,
    warmUpMs: 1500,
    signal: 'metrics',
    fresh: true,
    dropin: true,
  },
} as const satisfies Record<string, ProcessorStage>;

export type ProcessorName = keyof typeof stages;

export const processorStages = Object.keys(stages) as ProcessorName[];

/** The stage with this name, undefined = there is none. */
export function processorStage(output: string): (ProcessorStage & { type: string }) | undefined {
  if (!(output in stages)) return undefined;
  return { ...stages[output as ProcessorName], type: output.split(',')[0]! };
}
