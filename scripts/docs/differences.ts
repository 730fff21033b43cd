/** A paragraph or heading that begins what differs. */
const begin = /^(?:#+ )?(?:Limits|Differences|Deviations|What differs)\b/;

/**
 * What a README says of limits and differences: from the first such heading or paragraph to the
 * next heading; without one, the paragraphs that speak of the Go collector. Links and headings are
 * left out, so that it can stand elsewhere.
 */
export function differencesOf(readme: string): string {
  const lines = readme.split('\n');
  const at = lines.findIndex((line) => begin.test(line));
  if (at >= 0) {
    const isHeading = lines[at]!.startsWith('#');
    const end = lines.findIndex((line, i) => i > at && line.startsWith('#'));
    const part = lines.slice(isHeading ? at + 1 : at, end < 0 ? undefined : end).join('\n');
    return plain(part.replace(/^Limits\n/, ''));
  }
  const paragraphs = withoutCode(readme)
    .split(/\n{2,}/)
    .filter((text) => /Go (?:collector|component)/.test(text))
    .filter((text) => !text.startsWith('|') && !text.startsWith('#'));
  return plain(paragraphs.join('\n\n'));
}

function withoutCode(text: string): string {
  return text.replace(/^```.*?^```$/gms, '');
}

function plain(text: string): string {
  return withoutCode(text)
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
