import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { executableName, interpreterOf } from './runtime.ts';

function nameOf(command: string, folder = ''): string {
  const args = command.split(' ');
  const file = args[0]!.slice(args[0]!.lastIndexOf('/') + 1);
  return executableName(interpreterOf(file), file, args, folder);
}

test('interpreters are called by what they run', () => {
  const names: readonly (readonly [command: string, name: string, folder?: string])[] = [
    ['nginx -g daemon-off', 'nginx'],
    ['/usr/bin/node /app/server.js', 'server'],
    ['node --max-old-space-size=100 -r ./hook.js dist/shop.mjs --port 1', 'shop'],
    ['node index.js', 'checkout', '/srv/checkout'],
    ['node /srv/checkout/dist/index.js', 'checkout'],
    ['node /app/index.js', 'index'],
    ['node -e 1', 'node'],
    ['node', 'node'],
    ['python3 -m http.server 8000', 'http.server'],
    ['python3.11 -u -W ignore /opt/shop/worker.py', 'worker'],
    ['python3 -mgunicorn', 'python3'],
    ['python3 -c print(1)', 'python3'],
    ['/usr/bin/python3 /usr/local/bin/uvicorn main:app', 'uvicorn'],
    ['python3 -m shop.__main__', 'shop'],
    ['java -Xmx1g -cp a.jar:b.jar com.example.Shop --x', 'Shop'],
    ['java -jar /opt/shop-1.4.2-SNAPSHOT.jar', 'shop'],
    ['java -jar app.jar', 'app'],
    ['java -m com.example/com.example.Main', 'Main'],
    ['java Shop.java', 'Shop'],
    ['ruby bin/shop.rb', 'shop'],
    ['php -d x=1 artisan serve', 'artisan'],
    ['dotnet /app/Shop.Api.dll', 'Shop.Api'],
    ['dotnet exec --depsfile a.json Shop.dll', 'Shop'],
    ['/bin/sh /opt/run-shop.sh', 'run-shop'],
    ['bash -c sleep', 'bash'],
    ['bash /dev/fd/3', 'bash'],
    ['perl -w -I lib job.pl', 'job'],
  ];
  for (const [command, name, folder] of names) assert.equal(nameOf(command, folder), name, command);
});

test('programs that write over their arguments', () => {
  const title = (text: string, file: string): string =>
    executableName(interpreterOf(file), file, [text], '');
  assert.equal(title('nginx: worker process', 'nginx'), 'nginx');
  assert.equal(title('gunicorn: worker [shop]', 'python3.11'), 'gunicorn');
  assert.equal(title('php-fpm: pool www', 'php-fpm8.2'), 'php-fpm');
});

test('any arguments give a name without control characters', () => {
  const program = fc.constantFrom('node', 'python3', 'java', 'dotnet', 'sh', 'thing', 'php-fpm');
  fc.assert(
    fc.property(program, fc.array(fc.string()), fc.string(), (file, args, folder) => {
      const name = executableName(interpreterOf(file), file, [file, ...args], folder);
      assert.ok(name.length > 0 && name.length <= 256);
      assert.doesNotMatch(name, /\p{Cc}/u);
    }),
  );
});
