import { z } from 'zod';
import { type Secret, secret } from '../../config/schema/index.ts';

/** The keys as they are decoded; `tokens` go before the file, the file before `token`. */
export interface BearerTokenConfig {
  readonly header: string;
  readonly scheme: string;
  readonly token?: Secret | undefined;
  readonly tokens: readonly Secret[];
  readonly filename: string;
}

const given = (token: Secret | undefined) => token !== undefined && token.reveal() !== '';

/** Configuration of the extension. */
export const config = z
  .strictObject({
    header: z.string().default('Authorization').describe('header that carries the token'),
    scheme: z.string().default('Bearer').describe('word before the token; empty = none'),
    token: secret().optional().describe('the token'),
    tokens: z
      .array(secret())
      .default([])
      .describe('tokens: servers take any of them, clients send the first'),
    filename: z
      .string()
      .default('')
      .describe('file with a token a line, anything behind a space is a comment; it is watched'),
  })
  .superRefine(({ token, tokens, filename }, ctx) => {
    if (!given(token) && tokens.length === 0 && filename === '') {
      ctx.addIssue({ code: 'custom', message: 'no bearer token provided' });
    }
    if (given(token) && tokens.length > 0) {
      const message = 'either tokens or token should be provided, not both';
      ctx.addIssue({ code: 'custom', path: ['tokens'], message });
    }
  });
