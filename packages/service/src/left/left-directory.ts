import { lstatSync, mkdirSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "@nova-console/config";
import { codeOf, LeftDirectoryError } from "../errors.ts";
import type { ProgramName } from "../program-spec.ts";

/** Folder below `[DEFAULT] state_path`. */
const FOLDER = "left-workers";

/** A socket at which a left worker answers, see `LeftServer`. */
export interface LeftSocket {
  readonly path: string;
  /** Process that made it. */
  readonly pid: number;
}

/**
 * Folder in which workers without a primary process have their sockets, so that the next primary
 * process and the command `end-left` find them.
 *
 * Its mode is 0700: only the user of the service and root connect. A socket's name holds program, port and
 * process id: services that share `state_path` do not see each other's workers.
 */
export class LeftDirectory {
  readonly path: string;
  readonly #prefix: string;

  constructor(statePath: string, program: ProgramName, port: number) {
    this.path = join(statePath, FOLDER);
    this.#prefix = `${program}-${port}-`;
  }

  socketOf(pid: number): string {
    return join(this.path, `${this.#prefix}${pid}.sock`);
  }

  /** @throws {@link LeftDirectoryError} if it can be neither made nor trusted */
  create(): void {
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new LeftDirectoryError(`${this.path} cannot be made (${codeOf(error)})`, {
        cause: error,
      });
    }
    refuseForeign(this.path, lstatSync(this.path));
  }

  /**
   * Lists the sockets of this program and port; none if the folder does not exist.
   *
   * @throws {@link LeftDirectoryError} if the folder cannot be read or trusted
   */
  async list(): Promise<readonly LeftSocket[]> {
    try {
      refuseForeign(this.path, await lstat(this.path));
      return (await readdir(this.path)).flatMap((name) => {
        const pid = this.#pidOf(name);
        return pid === null ? [] : [{ path: join(this.path, name), pid }];
      });
    } catch (error) {
      if (error instanceof LeftDirectoryError) throw error;
      if (codeOf(error) === "ENOENT") return [];
      throw new LeftDirectoryError(`${this.path} cannot be read (${codeOf(error)})`, {
        cause: error,
      });
    }
  }

  #pidOf(name: string): number | null {
    if (!name.startsWith(this.#prefix)) return null;
    const match = /^(\d{1,10})\.sock$/.exec(name.slice(this.#prefix.length));
    return match === null ? null : Number(match[1]);
  }
}

/** The folder of a proxy: below its `state_path`, for the port that it is configured for. */
export function leftDirectoryOf(program: ProgramName, { DEFAULT, vnc }: Config): LeftDirectory {
  const port = program === "nova-novncproxy" ? vnc.novncproxy_port : vnc.xvpvncproxy_port;
  return new LeftDirectory(DEFAULT.state_path, program, port);
}

/** Root reads the folder of every service; a service reads only its own. */
function refuseForeign(
  path: string,
  stat: { isDirectory(): boolean; readonly uid: number; readonly mode: number },
): void {
  const self = process.geteuid?.() ?? stat.uid;
  const isOwn = self === 0 || stat.uid === self;
  if (stat.isDirectory() && isOwn && (stat.mode & 0o022) === 0) return;
  throw new LeftDirectoryError(
    `${path} must be a folder that only the user of the service may write to`,
  );
}
