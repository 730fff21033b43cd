import type { Machine } from '../machine/machine.ts';

/** A machine that says the same everywhere; its canonical name cannot be found. */
export const testMachine: Machine = {
  osType: 'linux',
  arch: 'amd64',
  hostname: () => 'host',
  fqdn: async () => 'host.example.com',
  cname: () => Promise.reject(new Error('no such host')),
  reverseName: async () => 'reverse.example.com',
  platform: async () => ({ name: 'debian', version: '12' }),
  description: async () => 'Debian (Linux)',
  buildId: async () => 'build',
  id: async () => 'machine-id',
  interfaces: async () => [
    { name: 'lo', mac: '', counts: false, addresses: [] },
    {
      name: 'eth0',
      mac: '02:42:ac:11:00:02',
      counts: true,
      addresses: ['10.0.0.1', 'fe80::1'],
    },
  ],
  cpu: async () => ({
    vendor: 'Vendor',
    family: '6',
    model: '7',
    modelName: 'Model',
    stepping: 2,
    cacheKib: 512,
  }),
};
