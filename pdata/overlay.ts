export class Overlay {
  version = 0;
}
