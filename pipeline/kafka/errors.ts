import { PipelineError } from '../../component/errors.ts';

interface KafkaFault extends Error {
  readonly code?: string;
  readonly apiId?: string;
  readonly canRetry?: boolean;
  readonly errors?: readonly Error[];
}

/** The errors inside errors that say something, outermost first. */
function* faultsOf(error: unknown, depth = 0): Generator<KafkaFault> {
  if (!(error instanceof Error) || depth > 8) return;
  const fault = error as KafkaFault;
  yield fault;
  for (const inner of fault.errors ?? []) yield* faultsOf(inner, depth + 1);
  if (fault.cause !== undefined) yield* faultsOf(fault.cause, depth + 1);
}

/** What an error of the client says: its own text and those of what caused it. */
export function faultText(error: unknown): string {
  const texts = new Set<string>();
  for (const { message, apiId } of faultsOf(error)) {
    const text = apiId !== undefined ? `${apiId}: ${message}` : message;
    if (text !== '' && texts.size < 4) texts.add(text);
  }
  return [...texts].join(': ');
}

/** Whether a broker answered with this error, by its name in the protocol. */
export function hasFault(error: unknown, apiId: string): boolean {
  for (const fault of faultsOf(error)) if (fault.apiId === apiId) return true;
  return false;
}

/**
 * What an exporter makes of it: for good what brokers call final, again all else. A connection that
 * broke and an answer that did not come leave open whether records were written.
 */
export function deliveryError(error: unknown, topics: readonly string[]): PipelineError {
  const faults = [...faultsOf(error)];
  const answers = faults.filter(({ apiId }) => apiId !== undefined);
  const final = answers.length > 0 && answers.every(({ canRetry }) => canRetry === false);
  const lost = faults.some(({ code }) => code === 'PLT_KFK_NETWORK' || code === 'PLT_KFK_TIMEOUT');
  const where = topics.map((topic) => JSON.stringify(topic)).join(', ');
  const text = `error exporting to topic ${where}: ${faultText(error)}`;
  return new PipelineError(text, {
    retryable: !final,
    unknownOutcome: answers.length === 0 && lost,
    cause: error,
  });
}
