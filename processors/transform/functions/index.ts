import type { OttlFunction } from '../../../ottl/functions/types.ts';
import { aggregateOnAttributes, aggregateOnAttributeValue } from './aggregate.ts';
import {
  convertGaugeToSum,
  convertSummaryCountToSum,
  convertSummaryQuantileToGauge,
  convertSummarySumToSum,
  convertSumToGauge,
  copyMetric,
} from './convert.ts';
import { extractCount, extractPercentile, extractSum } from './extract.ts';
import { convertExponentialHistogram, mergeHistogramBuckets } from './histograms.ts';
import { parseClf } from './parse-clf.ts';
import { parseLeef } from './parse-leef.ts';
import { scaleMetric } from './scale.ts';
import { setSemconvSpanName } from './span-name.ts';

const own: Readonly<Record<string, readonly OttlFunction[]>> = {
  metric: [
    aggregateOnAttributes,
    aggregateOnAttributeValue,
    convertExponentialHistogram,
    convertGaugeToSum,
    convertSumToGauge,
    convertSummaryQuantileToGauge,
    copyMetric,
    extractCount,
    extractPercentile,
    extractSum,
    scaleMetric,
  ],
  span: [setSemconvSpanName],
  log: [parseClf, parseLeef],
  datapoint: [convertSummaryCountToSum, convertSummarySumToSum, mergeHistogramBuckets],
};

/** Functions that only this processor has, by context. */
export function ownFunctions(context: string): readonly OttlFunction[] {
  return own[context] ?? [];
}

const reshaping: ReadonlySet<string> = new Set(
  [...own.metric!, ...own.datapoint!].map(({ name }) => name),
);

/** Whether an editor makes metrics of metrics, so that they have to be objects. */
export function reshapesMetrics(editor: string): boolean {
  return reshaping.has(editor);
}
