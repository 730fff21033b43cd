/** A line that a reader gave up on, and what it had read of it. */
interface Line {
  readonly fields: string[];
  readonly fault: string | undefined;
}

/**
 * Fields of one row of CSV (RFC 4180 as Go's encoding/csv reads it). A row that goes over several
 * lines outside quotation marks continues its last field with each of them.
 *
 * @param lazyQuotes quotation marks may stand anywhere in a field
 * @throws Error with Go's text
 */
export function readCsvRow(row: string, delimiter: string, lazyQuotes: boolean): string[] {
  if ('"\r\n\ufffd\0'.includes(delimiter)) {
    throw new Error('read csv line: csv: invalid field or comment delimiter');
  }
  const reader = new CsvReader(row, delimiter, lazyQuotes);
  const lines: string[][] = [];
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    if (line.fault !== undefined && line.fields.length === 0) {
      throw new Error(`read csv line: ${line.fault}`);
    }
    lines.push(line.fields);
  }
  const joined = lines[0];
  if (joined === undefined) throw new Error('no csv lines found');
  for (const fields of lines.slice(1)) {
    joined[joined.length - 1] += `\n${fields[0]}`;
    joined.push(...fields.slice(1));
  }
  return joined;
}

class CsvReader {
  private readonly text: string;
  private readonly delimiter: string;
  private readonly lazy: boolean;
  private at = 0;
  private lineNumber = 0;

  constructor(text: string, delimiter: string, lazy: boolean) {
    this.text = text;
    this.delimiter = delimiter;
    this.lazy = lazy;
  }

  /** The next line with its end, `\r\n` made `\n`; '' at the end of the text. */
  private readLine(): string {
    if (this.at >= this.text.length) return '';
    const end = this.text.indexOf('\n', this.at);
    const line = end < 0 ? this.text.slice(this.at) : this.text.slice(this.at, end + 1);
    this.at = end < 0 ? this.text.length : end + 1;
    this.lineNumber += 1;
    if (end < 0) return line.endsWith('\r') ? line.slice(0, -1) : line;
    return line.endsWith('\r\n') ? `${line.slice(0, -2)}\n` : line;
  }

  /** The next record; undefined at the end. Empty lines do not count. */
  next(): Line | undefined {
    let line = this.readLine();
    while (line === '\n') line = this.readLine();
    if (line === '' && this.at >= this.text.length) return undefined;
    const first = this.lineNumber;
    const fields: string[] = [];
    for (;;) {
      const quoted = line.startsWith('"');
      const step = quoted ? this.quotedField(line.slice(1), first) : this.plainField(line);
      if (step.fault !== undefined) return { fields, fault: step.fault };
      fields.push(step.field);
      if (step.rest === undefined) return { fields, fault: undefined };
      line = step.rest;
    }
  }

  private plainField(line: string): Step {
    const end = line.indexOf(this.delimiter);
    const field = end < 0 ? line.replace(/\n$/, '') : line.slice(0, end);
    const quote = field.indexOf('"');
    if (!this.lazy && quote >= 0) {
      return { field, fault: this.fault('bare " in non-quoted field', this.lineNumber) };
    }
    return { field, rest: end < 0 ? undefined : line.slice(end + this.delimiter.length) };
  }

  /** A field after its opening quotation mark. */
  private quotedField(start: string, first: number): Step {
    let line = start;
    let field = '';
    for (;;) {
      const quote = line.indexOf('"');
      if (quote >= 0) {
        field += line.slice(0, quote);
        line = line.slice(quote + 1);
        if (line.startsWith('"')) {
          field += '"';
          line = line.slice(1);
        } else if (line.startsWith(this.delimiter)) {
          return { field, rest: line.slice(this.delimiter.length) };
        } else if (line === '' || line === '\n') return { field };
        else if (this.lazy) field += '"';
        else return { field, fault: this.fault('extraneous or missing " in quoted-field', first) };
      } else if (line !== '') {
        field += line;
        line = this.readLine();
      } else {
        if (this.lazy) return { field };
        return { field, fault: this.fault('extraneous or missing " in quoted-field', first) };
      }
    }
  }

  private fault(what: string, line: number): string {
    const where = line === this.lineNumber ? `line ${line}` : `record on line ${line}`;
    return `parse error on ${where}: ${what}`;
  }
}

interface Step {
  readonly field: string;
  readonly rest?: string | undefined;
  readonly fault?: string;
}
