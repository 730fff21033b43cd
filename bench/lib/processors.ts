/** Processors of traces that stand between the receiver and `batch`, and how they are loaded. */

interface ProcessorStage {
  /** The keys of the processor. */
  readonly yaml: string;
  /** Spans of each trace, in requests of distinct traces; 0 = the same request again and again. */
  readonly spansPerTrace: number;
  /** Spans a second, so that both programs hold the same window; 0 = as many as they take. */
  readonly rate: number;
  /** Time until the window is full, in ms. */
  readonly warmUpMs: number;
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
  },
} as const satisfies Record<string, ProcessorStage>;

export type ProcessorName = keyof typeof stages;

export const processorStages = Object.keys(stages) as ProcessorName[];

/** The stage with this name, undefined = there is none. */
export function processorStage(output: string): (ProcessorStage & { type: string }) | undefined {
  if (!(output in stages)) return undefined;
  return { ...stages[output as ProcessorName], type: output.split(',')[0]! };
}
