import type { OtlpBatch } from './otlp-batch.ts';
import type { Overlay } from './overlay.ts';
import type { Signal } from './signal.ts';

export function writeEdits<S extends Signal>(
  batch: OtlpBatch<S>,
  _overlay: Overlay,
): readonly Uint8Array[] {
  return batch.source;
}
