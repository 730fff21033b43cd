import { z } from 'zod';
import { signals } from '../../component/signals.ts';

const name = /^[^\p{Z}\p{C}\p{S}]{1,1024}$/u;

/** @returns the parts of an id `signal[/name]`, or what is wrong with it */
function read(text: string): { readonly id: string } | { readonly fault: string } {
  const slash = text.indexOf('/');
  const signal = (slash < 0 ? text : text.slice(0, slash)).trim();
  const rest = slash < 0 ? undefined : text.slice(slash + 1).trim();
  const q = JSON.stringify(text);
  if (text === '') return { fault: 'id must not be empty' };
  if (signal === '') return { fault: `in ${q} id: the part before / should not be empty` };
  if (rest === '') return { fault: `in ${q} id: the part after / should not be empty` };
  if (!signals.some((one) => one === signal)) {
    return { fault: `in ${q} id: unknown pipeline signal: ${JSON.stringify(signal)}` };
  }
  if (rest === undefined) return { id: signal };
  if (!name.test(rest)) return { fault: `invalid character(s) in name ${JSON.stringify(rest)}` };
  return { id: `${signal}/${rest}` };
}

/**
 * The id of a pipeline; decodes to it without spaces around its parts. (Numbers are taken to be
 * refused: a list of ids is then no list of texts, which could be written as one text.)
 */
export function pipelineId() {
  return z.union([z.string(), z.number()]).transform((text, ctx): string => {
    const result =
      typeof text === 'string' ? read(text) : { fault: `expected a text, got ${text}` };
    if ('id' in result) return result.id;
    ctx.addIssue({ code: 'custom', message: result.fault });
    return z.NEVER;
  });
}
