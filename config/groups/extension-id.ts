import { z } from 'zod';

const type = /^[a-zA-Z][0-9a-zA-Z_]{0,62}$/;
const name = /^[^\p{Z}\p{C}\p{S}]{1,1024}$/u;

/** @returns what is wrong with an id `type[/name]`, undefined when it is one */
function fault(text: string): string | undefined {
  const slash = text.indexOf('/');
  const before = (slash < 0 ? text : text.slice(0, slash)).trim();
  const after = slash < 0 ? undefined : text.slice(slash + 1).trim();
  const quoted = JSON.stringify(text);
  if (before === '' && after === undefined) return 'id must not be empty';
  if (before === '') return `in ${quoted} id: the part before / should not be empty`;
  if (after === '') return `in ${quoted} id: the part after / should not be empty`;
  if (!type.test(before)) return `invalid character(s) in type ${JSON.stringify(before)}`;
  if (after === undefined || name.test(after)) return undefined;
  return `invalid character(s) in name ${JSON.stringify(after)}`;
}

/** The id of an extension; decodes to it without spaces around its parts. */
export function extensionId() {
  return z.string().transform((text, ctx): string => {
    const message = fault(text);
    if (message === undefined) {
      return text
        .split('/')
        .map((part) => part.trim())
        .join('/');
    }
    ctx.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}
