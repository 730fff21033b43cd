import { parentPort, workerData } from 'node:worker_threads';
import { FeatureGates } from '../../config/gates.ts';
import { checkText } from './check-text.ts';

/** What the thread is started with. */
export interface WorkerData {
  /** As for `--feature-gates`. */
  readonly gates: string;
}

/** What it answers, in the order in which it is asked. */
export type WorkerAnswer =
  | { readonly check: Awaited<ReturnType<typeof checkText>> }
  | { readonly error: string };

const port = parentPort;
if (port === null) throw new Error('BUG: the check of configurations runs in a thread of its own');
const gates = new FeatureGates();
gates.apply((workerData as WorkerData).gates);

port.on('message', (text: string) => {
  const answer = (message: WorkerAnswer): void => port.postMessage(message);
  checkText(text, gates).then(
    (check) => answer({ check }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
  );
});
