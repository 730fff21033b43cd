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
