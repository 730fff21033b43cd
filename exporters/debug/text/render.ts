import type { AnyBatch } from '../../../component/factory.ts';
import type { Signal } from '../../../component/signals.ts';

export function renderBatch(_signal: Signal, _batch: AnyBatch, _verbosity: string): string {
  return '';
}
