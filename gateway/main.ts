#!/usr/bin/env node
import { setDefaultResultOrder } from 'node:dns';
import { runCli } from './cli/cli.ts';

const lingerMs = 3000;

// A server named `localhost` listens on 127.0.0.1, as in Go, whatever the resolver gives first.
setDefaultResultOrder('ipv4first');

process.exitCode = await runCli(process.argv.slice(2));
// What a component left open must not keep an ended program alive.
setTimeout(() => process.exit(), lingerMs).unref();
