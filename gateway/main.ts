#!/usr/bin/env node
import { runCli } from './cli/cli.ts';

const lingerMs = 3000;

process.exitCode = await runCli(process.argv.slice(2));
// What a component left open must not keep an ended program alive.
setTimeout(() => process.exit(), lingerMs).unref();
