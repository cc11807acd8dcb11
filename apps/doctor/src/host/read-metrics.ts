import { request } from "node:http";

const TIME_LIMIT_MS = 5_000;
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Where a program that listens on all addresses is asked, by which of them means all. */
const ALL_ADDRESSES = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
]);

/**
 * Asks a proxy for its metrics.
 *
 * @param listensOn - `[console_proxy] admin_listen`
 * @returns the text format of Prometheus
 * @throws whatever keeps the answer away, a time limit included
 */
export async function readMetrics(listensOn: string): Promise<string> {
  const signal = AbortSignal.timeout(TIME_LIMIT_MS);
  const options = { path: "/metrics", headers: { host: "localhost" }, agent: false, signal };
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, ...targetOf(listensOn) }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("error", reject);
      response.on("data", (text: string) => {
        body += text;
        if (body.length > MAX_BODY_BYTES) asked.destroy(new Error("its answer does not end"));
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`it answered ${response.statusCode ?? "nothing"}`));
      });
    });
    asked.on("error", (error) => {
      reject(signal.aborted ? new Error(`no answer within ${TIME_LIMIT_MS / 1000} s`) : error);
    });
    asked.end();
  });
}

function targetOf(listensOn: string): { socketPath: string } | { host: string; port: string } {
  if (listensOn.startsWith("unix:")) return { socketPath: listensOn.slice("unix:".length) };
  const [, ipv6, name, port = ""] = /^(?:\[(.*)\]|(.*)):(\d+)$/.exec(listensOn) ?? [];
  const host = ipv6 ?? name ?? "";
  return { host: ALL_ADDRESSES.get(host) ?? host, port };
}
