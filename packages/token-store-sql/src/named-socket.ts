import { type LookupFunction, Socket } from "node:net";

/** A socket that looks names up in its own way: pg connects by port and host, and passes no options on. */
export class NamedSocket extends Socket {
  readonly #lookup: LookupFunction;

  constructor(lookup: LookupFunction) {
    super();
    this.#lookup = lookup;
  }

  override connect(port: unknown, host?: unknown): this {
    return super.connect({ port: Number(port), host: String(host), lookup: this.#lookup });
  }
}
