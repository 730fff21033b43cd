/** Offsets of a trace on a stretch of pixels. Pure. */

/** A stretch of time, offsets in nanoseconds; `to` is after `from`. */
export interface Zoom {
  readonly from: number;
  readonly to: number;
}

/** Shortest stretch that can be looked at: floats are exact enough for it. */
const leastNs = 100;

/** The whole trace, a hair longer where it takes no time. */
export function wholeOf(durationNs: number): Zoom {
  return { from: 0, to: Math.max(durationNs, leastNs) };
}

/** The nearest stretch that can be shown: within the trace, not too short. */
export function clampZoom(zoom: Zoom, whole: Zoom): Zoom {
  const length = Math.min(Math.max(zoom.to - zoom.from, leastNs), whole.to - whole.from);
  const from = Math.min(Math.max(zoom.from, whole.from), whole.to - length);
  return { from, to: from + length };
}

/** Zoomed by a factor (below 1 = closer) around an offset that stays where it is. */
export function zoomAround(zoom: Zoom, at: number, factor: number, whole: Zoom): Zoom {
  const from = at - (at - zoom.from) * factor;
  const to = at + (zoom.to - at) * factor;
  return clampZoom({ from, to }, whole);
}

/** Moved by a part of its own length. */
export function panBy(zoom: Zoom, part: number, whole: Zoom): Zoom {
  const by = (zoom.to - zoom.from) * part;
  return clampZoom({ from: zoom.from + by, to: zoom.to + by }, whole);
}

/** Pixels from the left end. */
export function xOf(ns: number, zoom: Zoom, width: number): number {
  return ((ns - zoom.from) / (zoom.to - zoom.from)) * width;
}

export function nsAt(x: number, zoom: Zoom, width: number): number {
  return zoom.from + (x / Math.max(width, 1)) * (zoom.to - zoom.from);
}

/** Offsets of round numbers within the stretch, `most` at most. */
export function ticks(zoom: Zoom, most: number): number[] {
  const length = zoom.to - zoom.from;
  const step = roundStep(length / Math.max(most, 1));
  const out: number[] = [];
  for (let i = Math.ceil(zoom.from / step); i * step <= zoom.to; i++) out.push(i * step);
  return out;
}

/** Steps of time are 1, 2 or 5 of a power of ten; from a second on those of clocks. */
const clockSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];

function roundStep(least: number): number {
  const s = least / 1e9;
  if (s > 0.5) {
    const found = clockSteps.find((step) => step >= s);
    if (found !== undefined) return found * 1e9;
    return Math.ceil(s / 86_400) * 86_400e9;
  }
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  const step = [1, 2, 5, 10].find((n) => n * power >= least) ?? 10;
  return step * power;
}
