import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

/** Namespaces of the demo, in the order of their subnets: 10.77.1.0/24 and on. */
const rooms = ['client', 'edge', 'shop', 'stock', 'price', 'database', 'cache', 'dns'] as const;

/** A namespace of the demo. */
export type Room = (typeof rooms)[number];

/** Every room hangs on it; it forwards, and translates the shop's address towards the price list. */
const router = 'router';

const namespace = (room: string): string => `wirestitch-${room}`;

/** Address of a room in the demo's network. */
export function addressOf(room: Room): string {
  return `10.77.${rooms.indexOf(room) + 1}.2`;
}

export const routerNamespace = namespace(router);

/** The command that runs `args` in a room. */
export function inRoom(room: Room | typeof router, args: readonly string[]): string[] {
  return ['ip', 'netns', 'exec', namespace(room), ...args];
}

function run(args: readonly string[], input?: string): void {
  const [command = '', ...rest] = args;
  const done = spawnSync(command, rest, { encoding: 'utf8', ...(input && { input }) });
  if (done.error !== undefined) throw new Error(`cannot run ${command}: ${done.error.message}`);
  if (done.status !== 0) throw new Error(`cannot run ${args.join(' ')}: ${done.stderr.trim()}`);
}

/** Makes the namespaces, their links and the router. Needs root. */
export function makeNetwork(): void {
  removeNetwork();
  run(['ip', 'netns', 'add', namespace(router)]);
  run(inRoom(router, ['tee', '/proc/sys/net/ipv4/ip_forward']), '1\n');
  for (const [i, room] of rooms.entries()) {
    const name = namespace(room);
    const link = `ws-${room}`;
    run(['ip', 'netns', 'add', name]);
    const peer = ['peer', 'name', 'eth0', 'netns', name];
    run(['ip', '-n', namespace(router), 'link', 'add', link, 'type', 'veth', ...peer]);
    run(['ip', '-n', namespace(router), 'address', 'add', `10.77.${i + 1}.1/24`, 'dev', link]);
    run(['ip', '-n', namespace(router), 'link', 'set', link, 'up']);
    run(['ip', '-n', name, 'address', 'add', `${addressOf(room)}/24`, 'dev', 'eth0']);
    run(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
    run(['ip', '-n', name, 'link', 'set', 'eth0', 'up']);
    run(['ip', '-n', name, 'route', 'add', 'default', 'via', `10.77.${i + 1}.1`]);
  }
  translate();
  const folder = `/etc/netns/${namespace('stock')}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/resolv.conf`, `nameserver ${addressOf('dns')}\n`);
}

function translate(): void {
  run(
    inRoom(router, ['nft', '-f', '-']),
    `table ip demo {
      chain post {
        type nat hook postrouting priority 100;
        ip saddr ${addressOf('shop')} ip daddr ${addressOf('price')} masquerade
      }
    }`,
  );
}

/** Removes what `makeNetwork` made, and what an earlier run left. */
export function removeNetwork(): void {
  for (const room of [...rooms, router]) {
    spawnSync('ip', ['netns', 'delete', namespace(room)], { stdio: 'ignore' });
  }
  rmSync(`/etc/netns/${namespace('stock')}`, { recursive: true, force: true });
}
