import { Overlay } from '../../pdata/edits.ts';
import { asPlain } from '../../pdata/proto/as-buffer.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import { MessageView } from '../../pdata/readers.ts';
import { Column, NodeKind, Tree } from '../../pdata/tree.ts';
import { writeMessage } from '../../pdata/write-edits.ts';

/** An arena that has grown beyond this is given back after the batch. */
const maxArena = 1 << 22;
const maxKeys = 1024;

/**
 * Edits messages one by one: each gets an index and edits of its own, that are written and
 * forgotten before the next one's, so that nothing is allocated for it.
 */
export class ItemEditor {
  readonly view = new MessageView();
  readonly #tree = new Tree(1);
  #overlay = new Overlay();
  #header = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #plain = this.#bytes;

  /** @param attributeField field of the attributes in the messages */
  constructor(attributeField: number) {
    this.view.attributeField = attributeField;
    this.#tree.add(NodeKind.item, 0, 0, 0, -1);
  }

  /** To be called before the messages of a batch. */
  reset(): void {
    const { arena, keyCount } = this.#overlay;
    if (arena.bytes.length > maxArena || keyCount > maxKeys) this.#overlay = new Overlay();
    else this.#overlay.reset();
  }

  /** Puts the view on the message whose tag is at `header` and whose fields are [start, end). */
  begin(bytes: Uint8Array, header: number, start: number, end: number): void {
    this.#header = header;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#plain = asPlain(bytes);
    }
    const { nodes } = this.#tree;
    nodes[Column.body] = start;
    nodes[Column.end] = end;
    this.#overlay.parts[0]?.reset();
    this.view.bind(bytes, this.#tree, 0, 0, this.#overlay);
  }

  /** Appends the message with its edits, tag and all. @returns whether there were any */
  end(w: Writer): boolean {
    const edits = this.#overlay.parts[0];
    if (edits === undefined || edits.count === 0) return false;
    const { start, end } = this.view;
    writeMessage(w, this.#plain, this.#header, start, end, edits, this.#overlay.arena.bytes);
    return true;
  }
}
