// npm run demo:zero-code [-- --clicks N --rate N --keep]: set-up, system packages, then the demo.
import { launch } from './launch.mjs';
import { installSystemPackages, setup } from './setup.mjs';
import { demoPackages } from './system-packages.mjs';

if (process.getuid?.() !== 0) {
  console.error(`demo:zero-code: needs root: it makes network namespaces, captures packets and loads
eBPF programs, all in namespaces of its own and for its own processes.
Run: sudo npm run demo:zero-code`);
  process.exit(1);
}
installSystemPackages(demoPackages);
setup();
launch('scripts/demo-zero-code/demo.ts', process.argv.slice(2));
