/** A message of SkyWalking's protocol that cannot be taken; nothing of it is kept. */
export class SkywalkingFault extends Error {
  /** Byte of the message (of the body for JSON) where it was found. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.name = 'SkywalkingFault';
    this.at = at;
  }
}
