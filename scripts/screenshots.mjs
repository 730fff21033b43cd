// npm run screenshots [-- NAME...]: set-up, system packages, then the pictures of docs/screenshots.
import { launch } from './launch.mjs';
import { installSystemPackages, setup } from './setup.mjs';
import { screenshotPackages } from './system-packages.mjs';

if (process.getuid?.() !== 0) {
  console.error(`screenshots: needs root, as the zero-code demo does whose traces it shows.
Run: sudo npm run screenshots`);
  process.exit(1);
}
installSystemPackages(screenshotPackages);
setup();
launch('scripts/screenshots/run.ts', process.argv.slice(2));
