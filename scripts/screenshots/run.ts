/**
 * `npm run screenshots [-- NAME...]`: makes the pictures of docs/screenshots. The zero-code demo
 * and the demo of instrumented services run against one program; Chromium shows their traces.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../integration/lib/page.ts';
import { ZeroCodeDemo } from '../demo-zero-code/run.ts';
import { Camera } from './camera.ts';
import { shots } from './shots.ts';

const here = import.meta.dirname;
const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'wirestitch-screenshots-'));
const pictures = join(root, 'docs/screenshots');
const say = (line: string): void => console.log(line);

/** The demo of instrumented services, sent to a running program. */
async function demo(addresses: ZeroCodeDemo['addresses']): Promise<void> {
  const child = spawn(process.execPath, [join(root, 'scripts/demo/demo.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      JAEGER_URL: addresses.jaeger,
      OTLP_ENDPOINT: addresses.otlp,
      DEMO_SECONDS: '30',
    },
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the demo ended with ${code}`);
}

const zeroCode = new ZeroCodeDemo({
  ...{ folder, say, clicks: 700, rate: 8, concurrency: 4 },
  agent: join(here, 'agent.yaml'),
});
let camera: Camera | undefined;
try {
  await zeroCode.start();
  say('Requests go to both shops, and go on while pictures are taken ...');
  const sent = Promise.all([zeroCode.send(), demo(zeroCode.addresses)]);
  sent.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  mkdirSync(pictures, { recursive: true });
  camera = await Camera.open(zeroCode.addresses.page, folder, pictures);
  for (const shot of shots) {
    if (wanted.length === 0 || wanted.includes(shot.name)) await camera.take(shot, say);
  }
  await sent;
} catch (error) {
  console.error(`screenshots: ${error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = 1;
} finally {
  await camera?.close();
  await zeroCode.stop();
  rmSync(folder, { recursive: true, force: true });
}
