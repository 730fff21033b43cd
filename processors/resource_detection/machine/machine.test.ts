import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { distribution, parseCpu, prettyName } from './linux.ts';
import { nameInHosts } from './names.ts';
import { thisMachine } from './this-machine.ts';

const files = (given: Readonly<Record<string, string>>) => async (path: string) => given[path];

describe('names', () => {
  it('the first name of the line that has the host counts', () => {
    const text =
      '# comment\n127.0.0.1 localhost\n10.0.0.1\tbig.example.com  big # note\n10.0.0.2 x big\n';
    assert.equal(nameInHosts(text, 'big'), 'big.example.com');
    assert.equal(nameInHosts(text, 'localhost'), 'localhost');
    assert.equal(nameInHosts(text, 'note'), undefined);
    assert.equal(nameInHosts('1.2.3.4 bad_name host\n', 'host'), undefined);
  });
});

describe('distributions', () => {
  const cases: readonly (readonly [Record<string, string>, string, string])[] = [
    [{ '/etc/debian_version': '12.11\n' }, 'debian', '12.11'],
    [
      {
        '/etc/debian_version': 'bookworm/sid\n',
        '/etc/lsb-release': 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE="24.04"\n',
      },
      'ubuntu',
      '24.04',
    ],
    [{ '/etc/redhat-release': 'Red Hat Enterprise Linux release 9.4 (Plow)\n' }, 'redhat', '9.4'],
    [{ '/etc/redhat-release': 'Fedora release 40 (Forty)\n' }, 'fedora', '40'],
    [{ '/etc/system-release': 'Amazon Linux release 2 (Karoo)\n' }, 'amazon', '2'],
    [{ '/etc/oracle-release': 'Oracle Linux Server release 8.9\n' }, 'oracle', '8.9'],
    [{ '/etc/alpine-release': '3.20.1\n' }, 'alpine', '3.20.1'],
    [{ '/etc/os-release': 'ID="nixos"\nVERSION_ID=24.05\n' }, 'nixos', '24.05'],
    [{}, '', ''],
  ];
  for (const [given, name, version] of cases) {
    it(`${name} ${version}`, async () => {
      assert.deepEqual(await distribution(files(given)), { name, version });
    });
  }

  it('the name for people', async () => {
    const pretty = "NAME=X\nPRETTY_NAME='X 1 (one)'\n";
    assert.equal(await prettyName(files({ '/etc/os-release': pretty })), 'X 1 (one)');
    const plain = 'NAME=X\nVERSION=1\n';
    assert.equal(await prettyName(files({ '/usr/lib/os-release': plain })), 'X 1');
    assert.equal(await prettyName(files({})), '');
  });
});

describe('processors', () => {
  it('the first one counts', () => {
    const text =
      'processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n' +
      'model name\t: Xeon: big\nstepping\t: 7\ncache size\t: 1024 KB\n\nprocessor\t: 1\n';
    assert.deepEqual(parseCpu(text), {
      vendor: 'GenuineIntel',
      family: '6',
      model: '85',
      modelName: 'Xeon: big',
      stepping: 7,
      cacheKib: 1024,
    });
    assert.equal(parseCpu(''), undefined);
  });
});

describe('this machine', () => {
  it('says something of itself', async () => {
    const machine = thisMachine(files({ '/etc/machine-id': 'id\n', '/etc/hostid': 'id\n' }));
    assert.notEqual(machine.hostname(), '');
    assert.equal(await machine.id(), 'id');
    assert.match(await machine.description(), /\S/);
    assert.notEqual(await machine.buildId(), '');
    const all = await machine.interfaces();
    assert.ok(all.every((one) => one.name !== ''));
    const bare = thisMachine(files({}));
    await assert.rejects(bare.id(), /cannot find the id of the machine/);
  });
});
