import { readFileSync } from "node:fs";
import path from "node:path";

/** The repository's folder. */
export const repository = path.resolve(import.meta.dirname, "../..");

/** A program that is packaged. */
export interface Program {
  /** What an operator types: the name below `/usr/bin`. */
  readonly name: string;
  /** Its folder in the repository. */
  readonly directory: string;
  /** Files that it reads while it runs, beside its code: folders of its directory. */
  readonly data: readonly string[];
  /** npm packages that these have files of. */
  readonly dataFrom: readonly string[];
  /** How systemd runs it; null: it is run by people only. */
  readonly service: Service | null;
}

/** What a program is as a service: it has a unit of its name in `packaging/files/systemd`. */
export interface Service {
  /** It has a port that others come to: a socket unit and a firewalld service of its name as well. */
  readonly hasPort: boolean;
}

const port: Service = { hasPort: true };

/** All of them, by name. */
export const programs = {
  novncproxy: {
    ...program("nova-novncproxy", "novncproxy", port),
    data: ["dist-page"],
    dataFrom: ["@novnc/novnc"],
  },
  xvpvncproxy: program("nova-xvpvncproxy", "xvpvncproxy", port),
  consoleauth: program("nova-consoleauth", "consoleauth", { hasPort: false }),
  doctor: program("nova-console-doctor", "doctor", null),
} as const satisfies Record<string, Program>;

function program(name: string, app: string, service: Service | null): Program {
  const directory = path.join(repository, "apps", app);
  return { name, directory, data: [], dataFrom: [], service };
}

/** Every package of the repository has this version. */
export function version(): string {
  const text = readFileSync(path.join(repository, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
