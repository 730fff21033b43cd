/**
 * Text from data with what cannot be seen made visible: control characters as their pictures
 * (U+2400 on), marks that turn the direction of text and other invisible ones as `<U+202E>`.
 */
export function visibleText(text: string): string {
  return text.replace(hidden, picture);
}

/** Ranges of UTF-16 code units that show nothing, or turn what is around them. */
const invisible = [
  '\\u0000-\\u001f', // C0 controls
  '\\u007f-\\u009f', // DEL, C1 controls
  '\\u00ad', // soft hyphen
  '\\u061c\\u200b-\\u200f', // zero-width characters, direction marks
  '\\u2028-\\u202e', // separators of lines and paragraphs, embeddings, overrides
  '\\u2060-\\u206f', // joiners, isolates
  '\\ufeff\\ufff9-\\ufffb', // byte order mark, annotations
];

const hidden = new RegExp(`[${invisible.join('')}]`, 'g');

function picture(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
