/** Processors of traces that stand between the receiver and `batch`, and how they are loaded. */

interface ProcessorStage {
  /** The keys of the processor. */
  readonly yaml: string;
  /** Spans of each trace, in requests of distinct traces. */
  readonly spansPerTrace: number;
  /** Spans a second, so that both programs hold the same window. */
  readonly rate: number;
  /** Time until the window is full, in ms. */
  readonly warmUpMs: number;
}

const policies = [
  '{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}',
  '{name: slow, type: latency, latency: {threshold_ms: 5000}}',
  '{name: checkout, type: string_attribute, string_attribute: {key: http.route, values: [/checkout]}}',
  '{name: some, type: probabilistic, probabilistic: {sampling_percentage: 10}}',
].join(', ');

const tail = `{decision_wait: 2s, num_traces: 200000, policies: [${policies}]}`;

const stages = {
  tail_sampling: { yaml: tail, spansPerTrace: 5, rate: 60_000, warmUpMs: 5000 },
  'tail_sampling, a span a trace': { yaml: tail, spansPerTrace: 1, rate: 40_000, warmUpMs: 5000 },
  groupbytrace: {
    yaml: '{wait_duration: 2s, num_traces: 200000}',
    spansPerTrace: 5,
    rate: 40_000,
    warmUpMs: 4000,
  },
} as const satisfies Record<string, ProcessorStage>;

export type ProcessorName = keyof typeof stages;

export const processorStages = Object.keys(stages) as ProcessorName[];

/** The stage with this name, undefined = there is none. */
export function processorStage(output: string): (ProcessorStage & { type: string }) | undefined {
  if (!(output in stages)) return undefined;
  return { ...stages[output as ProcessorName], type: output.split(',')[0]! };
}
