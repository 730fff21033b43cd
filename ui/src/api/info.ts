import type { ProgramInfo } from '../../../query/web/contract/program.ts';
import { get } from './client.ts';
import { programClock } from './clock.ts';
import { type Loaded, useLoad } from './use-load.ts';

const pollMs = 30_000;

/** Version, clock and storage of the program that is looked at. */
export function useInfo(): Loaded<ProgramInfo> {
  return useLoad('info', load, { pollMs });
}

async function load(signal: AbortSignal): Promise<ProgramInfo> {
  const info = await get<ProgramInfo>('/api/v1/info', {}, signal);
  programClock.heard(info.nowUnixNano);
  return info;
}
