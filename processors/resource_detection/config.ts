import { z } from 'zod';
import { checkHttpClient, httpClientKeys } from '../../config/groups/http-client.ts';
import { duration } from '../../config/schema/index.ts';
import { blocks } from './blocks.ts';
import { isDetector } from './detectors.ts';
import { SharedResource } from './shared-resource.ts';

const time = () => duration({ min: Number.NEGATIVE_INFINITY });

const detector = z
  .string()
  .transform((name) => name.trim())
  .refine(isDetector, { error: (issue) => `invalid detector key: ${String(issue.input)}` });

const unused = 'the detectors that are here ask nobody whom it would be for';

/** The keys of an HTTP client; what they name is looked up at the start, and not used. */
function unusedClientKeys() {
  const { auth, middlewares, ...others } = httpClientKeys({ compression: '' });
  const entries = Object.entries(others).map(([key, schema]) => [key, schema.meta({ unused })]);
  return { auth, middlewares, ...(Object.fromEntries(entries) as typeof others) };
}

const fields = z.strictObject({
  detectors: z
    .array(detector)
    .default(['env'])
    .describe('detectors that are run; of an attribute that several find, the first one counts'),
  override: z
    .boolean()
    .default(true)
    .describe('whether attributes that resources have are replaced'),
  timeout: time().prefault('5s').describe('time for a detection, with new attempts; 0 = none'),
  refresh_interval: time()
    .prefault('0s')
    .describe('how often resource information is detected anew; 0 = only at the start'),
  ...unusedClientKeys(),
  ...blocks,
});

/** Keys of the processor. */
export const config = fields.superRefine(checkHttpClient).transform((given) => ({
  ...given,
  /** What was detected, which the processors of all pipelines with this configuration share. */
  shared: new SharedResource(),
}));

/** The keys as they are decoded, times in milliseconds, and what the pipelines share. */
export type Config = z.output<typeof config>;
