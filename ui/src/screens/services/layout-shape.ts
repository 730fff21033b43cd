/** What is asked of the layout, and what it answers. */

export interface LayoutRequest {
  readonly nodes: readonly string[];
  /** Pairs of nodes. */
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** Of every node, pixels. */
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  /** From left to right, or from top to bottom where there is little width. */
  readonly direction: 'LR' | 'TB';
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** How an edge goes: around the nodes that are between its ends. */
export interface Route {
  /** Between the ends, from the caller on; without them. */
  readonly points: readonly Point[];
  /** Middle of the room left for its figures. */
  readonly label: Point;
}

export interface Layout {
  /** Top left corner of each node. */
  readonly positions: ReadonlyMap<string, Point>;
  /** By {@link edgeKey}. */
  readonly routes: ReadonlyMap<string, Route>;
  /** Where the row of those without an edge begins; null where there are none. */
  readonly isolatedAt: Point | null;
}

export function edgeKey(from: string, to: string): string {
  return JSON.stringify([from, to]);
}
