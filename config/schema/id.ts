import { z } from 'zod';

/** A component or pipeline id `type[/name]`. */
export interface Id {
  readonly type: string;
  /** '' when there is none. */
  readonly name: string;
  /** `type[/name]` without surplus spaces. */
  readonly text: string;
}

/**
 * Reads an id: split at the first `/`, spaces around the parts are dropped.
 * @throws Error that says what is wrong with it
 */
export function parseId(text: string): Id {
  const slash = text.indexOf('/');
  const type = (slash < 0 ? text : text.slice(0, slash)).trim();
  const name = slash < 0 ? '' : text.slice(slash + 1).trim();
  const quoted = JSON.stringify(text);
  if (slash < 0 && type === '') throw new Error('id must not be empty');
  if (type === '') throw new Error(`in ${quoted} id: the part before / should not be empty`);
  if (slash >= 0 && name === '') {
    throw new Error(`in ${quoted} id: the part after / should not be empty`);
  }
  if (!/^[a-zA-Z][0-9a-zA-Z_]{0,62}$/.test(type)) {
    throw new Error(`in ${quoted} id: invalid character(s) in type ${JSON.stringify(type)}`);
  }
  if (name.length > 1024) {
    throw new Error(`in an id: name is longer than 1024 characters (${name.length} characters)`);
  }
  if (name !== '' && !/^[^\p{Z}\p{C}\p{S}]+$/u.test(name)) {
    throw new Error(`in ${quoted} id: invalid character(s) in name ${JSON.stringify(name)}`);
  }
  return { type, name, text: name === '' ? type : `${type}/${name}` };
}

/** The id of another component; decodes to the text in its canonical form. */
export function componentId() {
  return z.string().transform((text, ctx): string => {
    try {
      return parseId(text).text;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      ctx.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
  });
}
