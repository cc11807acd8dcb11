import { fileURLToPath } from "node:url";
import { LineProcess } from "./line-process.ts";

const SCRIPT = fileURLToPath(new URL("nova_compute.py", import.meta.url));

/** Which console a token is for. */
export interface ConsoleRequest {
  readonly host: string;
  readonly port: number;
  readonly console_type: "novnc" | "xvpvnc" | "spice-html5";
  readonly access_url_base: string;
  readonly internal_access_path: string | null;
  /** Seconds that it is good for. */
  readonly ttl: number;
}

/** What nova-compute says of every port; `ports` is the truth. */
export type PortAnswer = true | false | null | "error" | "nothing" | "ports";

/**
 * What of nova-compute a console needs: tokens are minted by nova's own object, and
 * `validate_console_port` is answered over the message queue.
 */
export class NovaCompute implements AsyncDisposable {
  readonly #process: LineProcess;

  private constructor(process_: LineProcess) {
    this.#process = process_;
  }

  /** Starts it, and waits until it answers. */
  static async start(confPath: string): Promise<NovaCompute> {
    return new NovaCompute(await LineProcess.start(SCRIPT, [confPath]));
  }

  /** Makes an instance and a token for its console, which it returns; not two at a time. */
  async authorize(request: ConsoleRequest): Promise<string> {
    return this.#process.ask(request);
  }

  /** From now on `validate_console_port` is answered so. */
  async answer(answer: PortAnswer): Promise<void> {
    await this.#process.ask({ answer });
  }

  /** Deletes a token's instance as nova does: its tokens go with it. */
  async deleteInstance(token: string): Promise<void> {
    await this.#process.ask({ delete_instance: token });
  }

  /** Marks the row of a token's instance as deleted; the token stays. */
  async deleteInstanceRow(token: string): Promise<void> {
    await this.#process.ask({ delete_row: token });
  }

  /** Takes away the port of a token's instance: the next one to be given it is another's. */
  async losePort(token: string): Promise<void> {
    await this.#process.ask({ lose_port: token });
  }

  /** Enters a compute host with its `my_ip`, for nova's API to list. */
  async enterHost(name: string, myIp: string): Promise<void> {
    await this.#process.ask({ compute_node: name, my_ip: myIp });
  }

  /** Has nova's API find a token's instance. */
  async mapInstance(token: string): Promise<void> {
    await this.#process.ask({ map: token });
  }

  /** Has a token's instance be on another host, as a resize does; the token stays. @param host - null: on none */
  async move(token: string, host: string | null): Promise<void> {
    await this.#process.ask({ move: token, to: host });
  }

  /** Enters a nova-compute of that service version in nova's `services`. */
  async enterService(version: number): Promise<void> {
    await this.#process.ask({ service_version: version });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
