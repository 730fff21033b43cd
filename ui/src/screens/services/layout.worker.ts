import { type LayoutRequest, layoutGraph } from './layout.ts';

export interface LayoutJob extends LayoutRequest {
  readonly job: number;
}

self.onmessage = ({ data }: MessageEvent<LayoutJob>) => {
  self.postMessage({ job: data.job, layout: layoutGraph(data) });
};
