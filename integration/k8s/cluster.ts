/** The cluster of cluster.json, served to both programs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Scenario, scenariosIn } from '../drop-in/lib/scenario.ts';
import { ApiServer, kubeConfig, type Objects } from './api-server.ts';

const here = import.meta.dirname;

export interface RunningCluster {
  readonly server: ApiServer;
  /** What a program needs in its environment to find it. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The objects of cluster.json. */
export function objects(): Objects {
  return JSON.parse(readFileSync(join(here, 'cluster.json'), 'utf8')) as Objects;
}

export async function startCluster(served: Objects = objects()): Promise<RunningCluster> {
  const server = new ApiServer(served);
  const url = await server.start();
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-k8s-'));
  const file = join(folder, 'kubeconfig');
  writeFileSync(file, kubeConfig(url));
  return {
    server,
    env: { KUBECONFIG: file },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The scenarios of behaviour/, or of some folders. */
export function scenarios(folders: readonly string[] = []): Scenario[] {
  return scenariosIn(folders.length > 0 ? folders : [join(here, 'behaviour')]);
}

/** Pods `pod-N-abcdef` of a deployment each. */
export function manyPods(count: number): Objects {
  const pods = Array.from({ length: count }, (_, i) => ({
    metadata: {
      name: `pod-${i}-abcdef`,
      namespace: 'default',
      uid: `uid-${i}`,
      creationTimestamp: '2026-03-01T10:00:00Z',
      labels: { app: `app-${i % 40}`, 'pod-template-hash': 'abcdef' },
      ownerReferences: [
        { kind: 'ReplicaSet', name: `pod-${i}-abcdef`, uid: `rs-${i}`, controller: true },
      ],
    },
    spec: { nodeName: `node-${i % 20}`, containers: [{ name: 'main', image: 'r.io/a/b:1.2.3' }] },
    status: {
      podIP: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
      startTime: '2026-03-01T10:00:05Z',
      containerStatuses: [{ name: 'main', containerID: `containerd://${i}`, restartCount: 0 }],
    },
  }));
  return { pods };
}
