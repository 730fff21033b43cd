import { layoutGraph } from './layout.ts';
import type { LayoutRequest } from './layout-shape.ts';

export interface LayoutJob extends LayoutRequest {
  readonly job: number;
}

self.onmessage = ({ data }: MessageEvent<LayoutJob>) => {
  self.postMessage({ job: data.job, layout: layoutGraph(data) });
};
