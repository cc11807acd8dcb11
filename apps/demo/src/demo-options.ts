import { parseArgs } from "node:util";
import { UsageError } from "./errors.ts";

/** Whose screen is shown. */
export type ScreenSource =
  | { readonly type: "demo-instance" }
  /** `host` without brackets, or `unix:/path` with port 0. */
  | { readonly type: "backend"; readonly host: string; readonly port: number }
  | { readonly type: "libvirt"; readonly uri: string; readonly domain: string };

/** What `npm start --` was asked for. */
export interface DemoOptions {
  readonly source: ScreenSource;
  /** The browsers' port that must be had; the viewers' is the one after it. null: any will do. */
  readonly port: number | null;
}

/** What `--help` prints. */
export const usage = `Usage: npm start -- [options]

Shows the screen of an instance in a browser and through the XVP handshake.

  --backend HOST:PORT   show this VNC server instead of the demo instance;
                        [IPv6]:PORT and unix:PATH work too
  --libvirt URI         show a libvirt domain, with --domain
  --domain NAME         which one
  --port PORT           the browsers' port, 6080 if it is free; the viewers' is
                        the one after it
  --help                print this
`;

/**
 * Parses the command line.
 *
 * @returns null if help is wanted
 * @throws {@link UsageError} with one line that says what is wrong
 */
export function parseDemoOptions(args: readonly string[]): DemoOptions | null {
  const values = parseWords(args);
  if (values.help === true) return null;
  return { source: chooseSource(values), port: choosePort(values.port) };
}

interface Words {
  readonly backend?: string;
  readonly libvirt?: string;
  readonly domain?: string;
  readonly port?: string;
  readonly help?: boolean;
}

function parseWords(args: readonly string[]): Words {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        backend: { type: "string" },
        libvirt: { type: "string" },
        domain: { type: "string" },
        port: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (error) {
    const [line = "cannot be read"] = (error instanceof Error ? error.message : "").split("\n", 1);
    throw new UsageError(`command line: ${line}`, { cause: error });
  }
}

function chooseSource({ backend, libvirt, domain }: Words): ScreenSource {
  if (backend !== undefined) {
    if (libvirt !== undefined || domain !== undefined) {
      throw new UsageError("--backend cannot be combined with --libvirt or --domain");
    }
    return { type: "backend", ...parseBackend(backend) };
  }
  if (libvirt === undefined && domain === undefined) return { type: "demo-instance" };
  if (!libvirt || !domain) throw new UsageError("--libvirt URI and --domain NAME go together");
  return { type: "libvirt", uri: libvirt, domain };
}

function parseBackend(text: string): { host: string; port: number } {
  if (text.startsWith("unix:") && text.length > "unix:".length) return { host: text, port: 0 };
  // An IPv6 address without brackets would leave its last group to be taken for the port.
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.]+(?:%\w+)?)\]|(?<name>[^:[\]/\s]+)):(?<port>\d+)$/.exec(
    text,
  );
  const host = match?.groups?.["v6"] ?? match?.groups?.["name"];
  const port = parsePort(match?.groups?.["port"]);
  if (host === undefined || port === null) {
    throw new UsageError(
      `--backend ${text}: must be HOST:PORT, [IPv6]:PORT or unix:PATH, with a port from 1 to 65535`,
    );
  }
  return { host, port };
}

function choosePort(text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = parsePort(text);
  if (port === null || port === 65_535) {
    throw new UsageError(`--port ${text}: must be a number from 1 to 65534`);
  }
  return port;
}

function parsePort(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : null;
}
