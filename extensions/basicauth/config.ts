import { z } from 'zod';
import { type Secret, secret } from '../../config/schema/index.ts';

/** Who may send; of two lines for one user that of `inline` counts. */
export interface HtpasswdConfig {
  readonly file: string;
  readonly inline: Secret;
}

/** Who the client is; a file, where one is named, goes before the text. */
export interface ClientAuthConfig {
  readonly username: string;
  readonly username_file: string;
  readonly password: Secret;
  readonly password_file: string;
}

/** The keys as they are decoded; one of both is there. */
export interface BasicAuthConfig {
  readonly htpasswd?: HtpasswdConfig | undefined;
  readonly client_auth?: ClientAuthConfig | undefined;
}

const file = (text: string) => z.string().default('').describe(text);

/** Configuration of the extension. */
export const config = z
  .strictObject({
    htpasswd: z
      .strictObject({
        file: file('htpasswd file, read at start'),
        inline: secret().prefault('').describe('lines as in the file; they go before it'),
      })
      .optional()
      .describe('for servers: who may send'),
    client_auth: z
      .strictObject({
        username: z.string().default('').describe('user name'),
        username_file: file('file with the user name; goes before it, is watched'),
        password: secret().prefault('').describe('password'),
        password_file: file('file with the password; goes before it, is watched'),
      })
      .optional()
      .describe('for clients: what is sent'),
  })
  .superRefine(({ htpasswd, client_auth }, ctx) => {
    const report = (message: string) => ctx.addIssue({ code: 'custom', message });
    if (htpasswd !== undefined && client_auth !== undefined) {
      report('only one of `htpasswd` or `client_auth` can be specified');
    } else if (htpasswd === undefined && client_auth === undefined) {
      report('no credential source provided: `htpasswd` or `client_auth`');
    }
  });
