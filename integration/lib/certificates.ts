/** Certificates for tests, made by openssl: an authority, and what it signed. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** An authority in a folder. */
export class Authority {
  readonly #dir: string;
  readonly #name: string;
  /** Its certificate's file. */
  readonly file: string;
  #serial = 1;

  constructor(dir: string, name = 'ca') {
    this.#dir = dir;
    this.#name = name;
    this.file = join(dir, `${name}.pem`);
    this.#openssl(
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ['-days', '2', '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`],
    );
  }

  /** Files `NAME.pem` and `NAME.key` for localhost and 127.0.0.1; those before are replaced. */
  issue(name: string): KeyPair {
    const [cert, key, request] = [`${name}.pem`, `${name}.key`, `${name}.csr`];
    this.#openssl(
      ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ['-keyout', key, '-out', request, '-subj', `/CN=${name}`],
    );
    const names = join(this.#dir, 'names.cnf');
    writeFileSync(names, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    const signer = ['-CA', this.file, '-CAkey', `${this.#name}.key`];
    const serial = ['-set_serial', String(this.#serial++), '-days', '2', '-extfile', names];
    this.#openssl(['x509', '-req', '-in', request, '-out', cert], [...signer, ...serial]);
    return { cert: join(this.#dir, cert), key: join(this.#dir, key) };
  }

  #openssl(...args: readonly string[][]): void {
    execFileSync('openssl', args.flat(), { cwd: this.#dir, stdio: 'ignore' });
  }
}
