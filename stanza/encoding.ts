/** How the bytes of a log become text. */
export interface LogEncoding {
  /** `nop`: bytes stay bytes and are not split. */
  readonly isNop: boolean;
  /** Text that is ASCII compatible and copied as it is where it is valid. */
  readonly isUtf8: boolean;
  /** UTF-8 whose faults are kept as they are. */
  readonly isRaw: boolean;
  /** Bytes that a character of ASCII takes: 1 or 2. */
  readonly unit: 1 | 2;
  readonly newline: Buffer;
  readonly carriageReturn: Buffer;
  decode(bytes: Uint8Array): string;
  /**
   * Bytes that a text takes; undefined where that is not known. For places of matches.
   */
  readonly sizeOf: ((text: string) => number) | undefined;
}

const utf8: LogEncoding = {
  isNop: false,
  isUtf8: true,
  isRaw: false,
  unit: 1,
  newline: Buffer.from('\n'),
  carriageReturn: Buffer.from('\r'),
  decode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(),
  sizeOf: (text) => Buffer.byteLength(text),
};

/** Labels of TextDecoder that are other encodings for IANA's names. */
const latin1 = new Set(['iso-8859-1', 'iso_8859-1', 'latin1', 'l1', 'ibm819', 'cp819']);

/**
 * Finds an encoding by the names that the Go collector knows, case aside.
 * @throws Error for one that is not known here
 */
export function lookUpEncoding(name: string): LogEncoding {
  const key = name.toLowerCase();
  switch (key) {
    case '':
    case 'utf-8':
    case 'utf8':
    case 'ascii':
    case 'us-ascii':
      return utf8;
    case 'utf-8-raw':
    case 'utf8-raw':
      return { ...utf8, isRaw: true };
    case 'nop':
      return { ...utf8, isNop: true, isUtf8: false };
    case 'utf-16':
    case 'utf16':
    case 'utf-16le':
      return utf16('utf-16le', [0x0a, 0], [0x0d, 0]);
    case 'utf-16be':
      return utf16('utf-16be', [0, 0x0a], [0, 0x0d]);
  }
  if (latin1.has(key)) {
    const decode = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
    return { ...utf8, isUtf8: false, decode, sizeOf: (text) => text.length };
  }
  const decoder = decoderOf(key, name);
  const oneByte = /^(windows|iso-8859|koi8|macintosh|ibm866|x-mac)/.test(decoder.encoding);
  return {
    ...utf8,
    isUtf8: false,
    decode: (bytes) => decoder.decode(bytes),
    sizeOf: oneByte ? (text) => text.length : undefined,
  };
}

function decoderOf(key: string, name: string) {
  try {
    return new TextDecoder(key, { ignoreBOM: true });
  } catch {
    throw new Error(`unsupported encoding '${name}'`);
  }
}

function utf16(label: string, newline: number[], carriageReturn: number[]): LogEncoding {
  const decoder = new TextDecoder(label, { ignoreBOM: true });
  return {
    ...utf8,
    isUtf8: false,
    unit: 2,
    newline: Buffer.from(newline),
    carriageReturn: Buffer.from(carriageReturn),
    decode: (bytes) => decoder.decode(bytes),
    sizeOf: (text) => text.length * 2,
  };
}
