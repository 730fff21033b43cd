import { z } from 'zod';

/** The key `base_path` of servers of pages: where a proxy has them. */
export function basePathKey() {
  return z
    .string()
    .regex(/^(\/[\w.-]+)*$/, {
      error: 'base_path must be empty or begin with / and not end with /',
    })
    .default('')
    .describe('Path prefix of everything.');
}
