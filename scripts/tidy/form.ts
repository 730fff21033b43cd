import { isCode, isTestdata, type SourceFile } from './files.ts';

const maxColumns = 100;
const maxLines = 500;

/** Lines of at most 100 columns, files of at most 500 lines. */
export function checkForm(files: readonly SourceFile[]): string[] {
  const faults: string[] = [];
  for (const { path, text } of files) {
    if (!isCode(path)) continue;
    const lines = text.split('\n');
    lines.forEach((line, i) => {
      const columns = [...line].length;
      if (columns > maxColumns && !isUnbreakable(line)) {
        faults.push(`${path}:${i + 1}: ${columns} columns, the limit is ${maxColumns}`);
      }
    });
    if (lines.length - 1 > maxLines) {
      faults.push(`${path}: ${lines.length - 1} lines, the limit is ${maxLines}`);
    }
  }
  return faults;
}

/** A line with a long text, pattern or address in it, which the formatter cannot break. */
function isUnbreakable(line: string): boolean {
  return /(['"`/]).{40,}\1/.test(line) || /https?:\/\/\S{40,}/.test(line);
}

// Put together here so that this file does not contain what it forbids.
const forbidden: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(^|[\\s'"\`(=])/${'work'}/`), 'a path of one machine'],
  [new RegExp(`/${'home'}/[a-z]+/|/${'root'}/[a-z.]`), 'a path of one machine'],
  [new RegExp(`/tmp/${'briefs'}|/tmp/${'peers'}`), 'a path of one machine'],
  [new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`), 'an open end'],
];

/** Words that do not belong into the project. */
export function checkWords(files: readonly SourceFile[]): string[] {
  const faults: string[] = [];
  for (const { path, text } of files) {
    if (isTestdata(path)) continue;
    text.split('\n').forEach((line, i) => {
      for (const [pattern, what] of forbidden) {
        const match = pattern.exec(line);
        if (match !== null) faults.push(`${path}:${i + 1}: ${what}: ${match[0].trim()}`);
      }
    });
  }
  return faults;
}
