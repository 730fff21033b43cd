/** Where the parts of a lane stand: columns of cards with chips on the edges between them. */
import type { GraphEdge, Lane } from '../../../../query/web/contract/pipelines.ts';
import { edgeKey } from './rates.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedCard extends Box {
  readonly name: string;
}

export interface PlacedEdge {
  readonly edge: GraphEdge;
  /** Where its numbers stand; none where chips have no width. */
  readonly chip: Box | undefined;
  /** SVG path from card to card, through the chip. */
  readonly path: string;
}

export interface PlacedLane {
  readonly width: number;
  readonly height: number;
  readonly cards: readonly PlacedCard[];
  readonly edges: readonly PlacedEdge[];
}

/** Sizes, px. */
export interface Sizes {
  readonly cardWidth: number;
  readonly chipWidth: number;
  readonly chipHeight: number;
  /** Between a card and a chip. */
  readonly bend: number;
  /** Between cards of a column. */
  readonly gap: number;
  readonly cardHeight: (name: string) => number;
}

/**
 * Widths with which columns fill the room there is, as long as they are neither too narrow to be
 * read nor needlessly wide. @param room px; 0 = not known
 * @param chips whether edges have numbers
 */
export function widthsFor(
  columns: number,
  room: number,
  chips: boolean,
): Pick<Sizes, 'cardWidth' | 'chipWidth' | 'bend'> {
  const wide = chips ? { chipWidth: 76, bend: 18 } : { chipWidth: 0, bend: 24 };
  const tight = chips ? { chipWidth: 66, bend: 10 } : { chipWidth: 0, bend: 12 };
  const cardFor = ({ chipWidth, bend }: typeof wide) =>
    Math.floor((room - (columns - 1) * (chipWidth + 2 * bend)) / columns);
  const edges = cardFor(wide) >= comfortable ? wide : tight;
  const cardWidth = Math.min(widest, Math.max(narrowest, cardFor(edges)));
  return { ...edges, cardWidth };
}

const narrowest = 128;
const comfortable = 150;
const widest = 240;

/** Columns of a lane: receivers, each processor, exporters. Processors that are no nodes are left out. */
export function columnsOf({ receivers, processors, exporters }: Lane): readonly string[][] {
  const nodes = processors.filter((one): one is string => typeof one === 'string');
  return [[...receivers], ...nodes.map((name) => [name]), [...exporters]];
}

/** Edges between columns that follow each other, in the order of their far ends. */
export function edgesBetween(
  left: readonly string[],
  right: readonly string[],
  known: ReadonlySet<string>,
): readonly GraphEdge[] {
  return left.flatMap((from) =>
    right.map((to) => ({ from, to })).filter((edge) => known.has(edgeKey(edge))),
  );
}

export function layoutLane(lane: Lane, edges: readonly GraphEdge[], sizes: Sizes): PlacedLane {
  const known = new Set(edges.map(edgeKey));
  const columns = columnsOf(lane);
  const groups = columns.slice(1).map((right, i) => edgesBetween(columns[i]!, right, known));
  const height = Math.max(
    ...columns.map((column) => columnHeight(column, sizes)),
    ...groups.map((group) => group.length * (sizes.chipHeight + sizes.gap) - sizes.gap),
  );
  const step = sizes.cardWidth + sizes.chipWidth + 2 * sizes.bend;
  const cards = columns.flatMap((column, i) => placeColumn(column, i * step, height, sizes));
  const byName = new Map(cards.map((card) => [`${card.x} ${card.name}`, card]));
  const placed = groups.flatMap((group, i) => {
    const from = (edge: GraphEdge) => byName.get(`${i * step} ${edge.from}`)!;
    const to = (edge: GraphEdge) => byName.get(`${(i + 1) * step} ${edge.to}`)!;
    return placeEdges(group, from, to, height, sizes);
  });
  return { width: (columns.length - 1) * step + sizes.cardWidth, height, cards, edges: placed };
}

function columnHeight(column: readonly string[], { cardHeight, gap }: Sizes): number {
  return column.reduce((sum, name) => sum + cardHeight(name) + gap, -gap);
}

/** A column stands in the middle. */
function placeColumn(
  column: readonly string[],
  x: number,
  height: number,
  sizes: Sizes,
): readonly PlacedCard[] {
  let y = (height - columnHeight(column, sizes)) / 2;
  return column.map((name) => {
    const own = sizes.cardHeight(name);
    const card = { name, x, y, width: sizes.cardWidth, height: own };
    y += own + sizes.gap;
    return card;
  });
}

function placeEdges(
  group: readonly GraphEdge[],
  fromCard: (edge: GraphEdge) => PlacedCard,
  toCard: (edge: GraphEdge) => PlacedCard,
  height: number,
  sizes: Sizes,
): readonly PlacedEdge[] {
  const sources = new Set(group.map(({ from }) => from)).size;
  const targets = new Set(group.map(({ to }) => to)).size;
  const { chipHeight, chipWidth, bend, gap } = sizes;
  const middle = (box: Box) => box.y + box.height / 2;
  const spread = (i: number) => {
    const all = group.length * (chipHeight + gap) - gap;
    return (height - all) / 2 + i * (chipHeight + gap) + chipHeight / 2;
  };
  return group.map((edge, i) => {
    const [from, to] = [fromCard(edge), toCard(edge)];
    const many = sources > 1 && targets > 1;
    const at = many ? spread(i) : middle(targets > 1 ? to : from);
    const start = { x: from.x + from.width, y: middle(from) };
    const end = { x: to.x, y: middle(to) };
    if (chipWidth === 0) return { edge, chip: undefined, path: curve(start, end) };
    const left = start.x + bend;
    const chip = { x: left, y: at - chipHeight / 2, width: chipWidth, height: chipHeight };
    const through = { x: left + chipWidth, y: at };
    const path = `${curve(start, { x: left, y: at })} L ${through.x} ${through.y} ${curve(through, end)}`;
    return { edge, chip, path };
  });
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function curve(from: Point, to: Point): string {
  const mid = (from.x + to.x) / 2;
  return `M ${from.x} ${from.y} C ${mid} ${from.y} ${mid} ${to.y} ${to.x} ${to.y}`;
}
