/** Draws the chart of start and duration. */
import {
  type Box,
  type Dot,
  decadeLabel,
  radiusOf,
  type Scale,
  timeTicks,
  xOf,
  yOf,
} from './scatter-scale.ts';

export interface Colours {
  readonly line: string;
  readonly text: string;
  readonly good: string;
  readonly failed: string;
  readonly ring: string;
  readonly brush: string;
}

/** The colours of the theme that an element is shown in. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    line: colour('--line'),
    text: colour('--ink-3'),
    good: colour('--accent'),
    failed: colour('--error-bar'),
    ring: colour('--ink'),
    brush: colour('--focus'),
  };
}

export interface Picture {
  readonly dots: readonly Dot[];
  readonly scale: Scale;
  readonly box: Box;
  readonly colours: Colours;
  /** Trace id of the dot with a ring. */
  readonly pointed: string | undefined;
  /** Pixels from the left, where a stretch is being chosen. */
  readonly brush: readonly [from: number, to: number] | undefined;
}

const font = '11px system-ui, sans-serif';

export function draw(context: CanvasRenderingContext2D, picture: Picture): void {
  const { dots, box, brush, colours, pointed } = picture;
  context.clearRect(0, 0, box.left + box.width + 100, box.top + box.height + 100);
  context.font = font;
  drawAxes(context, picture);
  if (brush !== undefined) {
    const [from, to] = brush[0] < brush[1] ? brush : [brush[1], brush[0]];
    context.fillStyle = colours.brush;
    context.globalAlpha = 0.18;
    context.fillRect(from, box.top, to - from, box.height);
  }
  // Errors are drawn last, so that none hides below the others.
  for (const failed of [false, true]) {
    context.fillStyle = failed ? colours.failed : colours.good;
    context.globalAlpha = failed ? 0.8 : 0.6;
    for (const dot of dots) {
      if (dot.trace.errors > 0 === failed) disc(context, picture, dot, 0).fill();
    }
  }
  context.globalAlpha = 1;
  const ringed = dots.find((dot) => dot.trace.traceId === pointed);
  if (ringed === undefined) return;
  context.strokeStyle = colours.ring;
  context.lineWidth = 2;
  disc(context, picture, ringed, 2).stroke();
}

function disc(
  context: CanvasRenderingContext2D,
  { scale, box }: Picture,
  { atMs, durationNs, trace }: Dot,
  more: number,
): CanvasRenderingContext2D {
  context.beginPath();
  const radius = radiusOf(trace.spans) + more;
  context.arc(xOf(scale, box, atMs), yOf(scale, box, durationNs), radius, 0, 2 * Math.PI);
  return context;
}

function drawAxes(context: CanvasRenderingContext2D, { scale, box, colours }: Picture): void {
  context.lineWidth = 1;
  context.strokeStyle = colours.line;
  context.fillStyle = colours.text;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  const decades = scale.highest - scale.lowest;
  const every = Math.max(1, Math.ceil((decades * 18) / box.height));
  context.beginPath();
  for (let power = scale.lowest; power <= scale.highest; power++) {
    const y = Math.round(yOf(scale, box, 10 ** power)) + 0.5;
    context.moveTo(box.left, y);
    context.lineTo(box.left + box.width, y);
    if ((power - scale.lowest) % every === 0) context.fillText(decadeLabel(power), box.left - 6, y);
  }
  context.stroke();
  context.textAlign = 'center';
  context.textBaseline = 'top';
  const most = Math.max(2, Math.floor(box.width / 80));
  context.beginPath();
  for (const { atMs, label } of timeTicks(scale, most)) {
    const x = Math.round(xOf(scale, box, atMs)) + 0.5;
    context.moveTo(x, box.top + box.height);
    context.lineTo(x, box.top + box.height + 4);
    const half = context.measureText(label).width / 2;
    const inside = Math.min(Math.max(x, box.left + half - 40), box.left + box.width - half + 8);
    context.fillText(label, inside, box.top + box.height + 7);
  }
  context.stroke();
}
