import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { redactCommandLine } from './redact.ts';

const cases: readonly (readonly [args: readonly string[], text: string])[] = [
  [['node', '/app/server.js', '--port', '8080'], 'node /app/server.js --port 8080'],
  [['x', '--password=hunter2', '-v'], 'x --password=REDACTED -v'],
  [['x', '--password', 'hunter2', '-v'], 'x --password REDACTED -v'],
  [['x', '--db-password', 'hunter2'], 'x --db-password REDACTED'],
  [['x', '--api_token=abc'], 'x --api_token=REDACTED'],
  [['x', '--token', '-dash'], 'x --token REDACTED'],
  [['x', '--token', '--verbose'], 'x --token --verbose'],
  [['mysql', '-uroot', '-phunter2', 'shop'], 'mysql -uroot -pREDACTED shop'],
  [['mysql', '-u', 'root', '-p', 'shop'], 'mysql -u root -p shop'],
  [['/usr/bin/mysqldump', '-phunter2'], '/usr/bin/mysqldump -pREDACTED'],
  [['redis-cli', '-a', 'hunter2', 'PING'], 'redis-cli -a REDACTED PING'],
  [['curl', '-u', 'me:hunter2', 'http://h/'], 'curl -u REDACTED http://h/'],
  [['curl', '-H', 'Authorization: Bearer abc'], 'curl -H "Authorization: REDACTED"'],
  [
    ['curl', 'https://me:hunter2@h/p?a=1&token=abc'],
    'curl https://REDACTED@h/p?a=1&token=REDACTED',
  ],
  [['java', '-Ddb.password=hunter2', '-jar', 'a.jar'], 'java -Ddb.password=REDACTED -jar a.jar'],
  [['env', 'AWS_SECRET_ACCESS_KEY=hunter2', 'run'], 'env AWS_SECRET_ACCESS_KEY=REDACTED run'],
  [['sh', '-c', 'PGPASSWORD=hunter2 psql'], 'sh -c PGPASSWORD=REDACTED'],
  [['sh', '-c', 'exec env PGPASSWORD=hunter2 psql'], 'sh -c "exec env PGPASSWORD=REDACTED psql"'],
  [['sh', '-c', 'x --password hunter2 y'], 'sh -c "x --password REDACTED y"'],
  [['x', '{"user":"a","password":"hunter2"}'], 'x {"user":"a","password":REDACTED}'],
  [['x', 'ghp_0123456789012345678901234567890123456'], 'x REDACTED'],
  [['x', 'Server=h;Password=hunter2;Port=1'], 'x Server=h;Password=REDACTED;Port=1'],
  [['nginx', '-c', '/etc/nginx/nginx.conf'], 'nginx -c /etc/nginx/nginx.conf'],
  [
    ['x', '--tls-key=/etc/key.pem', '--password-file=/run/p'],
    'x --tls-key=/etc/key.pem --password-file=/run/p',
  ],
  [['x', 'a\u001b[2Jb'], 'x a\ufffd[2Jb'],
  [[], ''],
];

test('secrets go, everything else stays', () => {
  for (const [args, text] of cases) assert.equal(redactCommandLine(args), text);
});

test('a secret after a telling option is never left, whatever stands around', () => {
  const secret = 'hunter2SECRETxyz';
  const option = fc.constantFrom(
    [`--password=${secret}`],
    ['--password', secret],
    [`--auth-token=${secret}`],
    ['--client-secret', secret],
    [`-Dspring.datasource.password=${secret}`],
    [`DB_PASSWORD=${secret}`],
    [`postgres://me:${secret}@db/shop`],
    [`https://h/?access_token=${secret}&x=1`],
    [`X-Api-Key: ${secret}`],
    [`{"apiKey": "${secret}"}`],
  );
  const plain = fc.string({ maxLength: 12 }).filter((text) => !text.includes(secret));
  fc.assert(
    fc.property(plain, fc.array(plain), option, fc.array(plain), (program, head, told, tail) => {
      const line = redactCommandLine([program, ...head, ...told, ...tail]);
      assert.ok(!line.includes(secret), line);
    }),
    { numRuns: 500 },
  );
});

test('a long command line is cut', () => {
  const line = redactCommandLine(['java', '-cp', 'a:'.repeat(100_000), ...Array(5000).fill('x')]);
  assert.ok(line.length <= 4096);
});
