import type { ExtensionFactory } from '../../component/factory.ts';
import { config, type PprofConfig } from './config.ts';
import { createPprof } from './extension.ts';

/** Profiles of the program for `go tool pprof` and others. */
export const factory: ExtensionFactory<PprofConfig> = {
  kind: 'extension',
  type: 'pprof',
  stability: {},
  description: "Profiles of the program's CPU and heap in pprof's format.",
  config,
  create: createPprof,
};
