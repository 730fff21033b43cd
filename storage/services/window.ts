/** A stretch of time as the statements of this folder take it: whole minutes, cut into steps. */
export interface StepWindow {
  /** Seconds since 1970, a full minute. */
  readonly fromS: number;
  /** Exclusive, a full minute; may lie up to a minute in the future. */
  readonly toS: number;
  /** Length of a step, whole minutes, in seconds; the last may reach beyond `toS`. */
  readonly stepS: number;
  readonly steps: number;
  /** Seconds of it that are past: what rates are computed with. At least 1. */
  readonly pastS: number;
}

const maxSteps = 62;
const stepSizes = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];
const minuteS = 60;
const maxSeconds = 4_294_967_295;

/**
 * The minutes that a stretch of time touches.
 * @param startNs, endNs nanoseconds since 1970
 * @param nowMs milliseconds since 1970
 */
export function stepWindow(startNs: bigint, endNs: bigint, nowMs: number): StepWindow {
  const start = clamp(Number(startNs / 1_000_000_000n));
  const end = clamp(Math.ceil(Number(endNs / 1_000_000n) / 1000));
  const fromS = Math.floor(start / minuteS) * minuteS;
  const toS = Math.max(Math.ceil(end / minuteS) * minuteS, fromS + minuteS);
  const seconds = toS - fromS;
  const wanted = seconds / maxSteps;
  const days = Math.ceil(wanted / 86_400) * 86_400;
  const stepS = stepSizes.find((size) => size >= wanted) ?? days;
  const pastS = Math.max(1, Math.min(toS, end, Math.ceil(nowMs / 1000)) - fromS);
  return { fromS, toS, stepS, steps: Math.ceil(seconds / stepS), pastS };
}

function clamp(seconds: number): number {
  return Math.min(Math.max(seconds, 0), maxSeconds - 2 * minuteS);
}
