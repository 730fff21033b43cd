const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

// Control characters, line separators, and what turns the direction of text.
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Text that a process chose, made fit for names and screens. @param limit UTF-16 units */
export function cleanText(text: string, limit: number): string {
  const clean = text.replace(unprintable, '\ufffd').toWellFormed();
  return clean.length <= limit ? clean : `${clean.slice(0, limit - 1).toWellFormed()}…`;
}

/** Bytes as text, what is not UTF-8 replaced. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The last part of a path; of a file that only memory holds (`/memfd:name`) its name. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/^memfd:/, '');
}
