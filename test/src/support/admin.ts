import { request } from "node:http";

/** What the admin address answered. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

/** A session as `/v1/sessions` lists it. */
export interface ListedSession {
  readonly id: string;
  readonly state: string;
  readonly token_id: string;
  readonly instance_uuid: string;
  readonly viewer: string;
  readonly backend: string;
  readonly since: string;
  readonly bytes_from_viewer: number;
  readonly bytes_to_viewer: number;
  /** Whether its worker was left by an earlier start. */
  readonly left: boolean;
}

/** `[console_proxy] admin_listen` of a program that runs. */
export class Admin {
  readonly #where: { socketPath: string } | { host: string; port: number };

  /** @param where - a unix socket's path, or a port of 127.0.0.1 */
  constructor(where: string | number) {
    this.#where =
      typeof where === "string" ? { socketPath: where } : { host: "127.0.0.1", port: where };
  }

  ask(path: string, method = "GET", headers: Record<string, string> = {}): Promise<AdminAnswer> {
    return new Promise((resolve, reject) => {
      const host = { host: "localhost" };
      const options = { ...this.#where, path, method, headers: { ...host, ...headers } };
      const asked = request({ ...options, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.once("end", () => {
          resolve({ status: response.statusCode ?? 0, body });
        });
      });
      asked.once("error", reject);
      asked.end();
    });
  }

  async sessions(): Promise<ListedSession[]> {
    const { body } = await this.ask("/v1/sessions");
    // The program's own output: a test fails if it is not of this shape.
    return (JSON.parse(body) as { sessions: ListedSession[] }).sessions;
  }

  /** The value of a metric, summed over all label values that match. */
  async metric(name: string, labels = ""): Promise<number> {
    const { body } = await this.ask("/metrics");
    return body
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }
}
