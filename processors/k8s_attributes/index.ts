import type { ProcessorFactory } from '../../component/factory.ts';
import { config } from './config.ts';
import { type Given, Processor } from './processor.ts';
import { metrics } from './telemetry.ts';

/** Adds attributes of the Kubernetes pod that sent them to resources. */
export const factory: ProcessorFactory<Given> = {
  kind: 'processor',
  type: 'k8s_attributes',
  aliases: ['k8sattributes'],
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'development' },
  description: 'Adds what a Kubernetes cluster knows of the pods that data come from to resources.',
  config,
  metrics,
  create: (signal, settings, given, next) => new Processor(signal, settings, given, next),
};
