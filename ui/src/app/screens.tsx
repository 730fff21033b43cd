/** The screens and their addresses: a new one is one line here. */
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

export interface Screen {
  /** First segment of its path. */
  readonly path: string;
  /** In the bar at the top; '' = not there. */
  readonly label: string;
  readonly component: LazyExoticComponent<ComponentType>;
}

export const screens: readonly Screen[] = [
  {
    path: 'traces',
    label: 'Traces',
    component: lazy(() => import('../screens/traces/index.tsx')),
  },
  { path: 'trace', label: '', component: lazy(() => import('../screens/trace/index.tsx')) },
  {
    path: 'services',
    label: 'Services',
    component: lazy(() => import('../screens/services/index.tsx')),
  },
  {
    path: 'pipelines',
    label: 'Pipelines',
    component: lazy(() => import('../screens/pipelines/index.tsx')),
  },
];
