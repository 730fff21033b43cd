/**
 * Text from data with what cannot be seen made visible: control characters as their pictures
 * (U+2400 on), marks that turn the direction of text and other invisible ones as `<U+202E>`.
 */
export function visibleText(text: string): string {
  return text.replace(hidden, picture);
}

// C0 and C1 controls, soft hyphen, zero-width and direction marks, line separators, byte order mark.
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

function picture(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
