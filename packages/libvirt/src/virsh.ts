import { execFile, type ExecFileException } from "node:child_process";
import { MAX_XML_CHARACTERS } from "./domain.ts";
import { VirshError } from "./errors.ts";

/** What to ask `virsh` for. */
export interface DumpRequest {
  /** libvirt URI: `qemu:///system`, `qemu+ssh://host/system`. */
  readonly uri: string;
  /** The domain's name, UUID or id. */
  readonly name: string;
  /** The environment of the program: `virsh` is searched in its PATH. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** How long `virsh` may take; 20 seconds if absent. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 20_000;
const MAX_REASON_CHARACTERS = 300;
/** ENOENT: no such program. */
const NOT_INSTALLED =
  "virsh is not installed: install libvirt-clients (Debian, Ubuntu) or libvirt-client (Fedora, RHEL)";

/**
 * Asks `virsh dumpxml` for a domain's XML. Passwords are not asked for, and not in the answer.
 *
 * @throws {@link VirshError} that says in words why there is none: not installed, no such domain, no
 *   connection to the hypervisor, no answer in time; or the signal's reason
 */
export async function dumpDomainXml(request: DumpRequest): Promise<string> {
  const { uri, name, environment, signal, timeoutMs = DEFAULT_TIMEOUT_MS } = request;
  refuseUnusable("libvirt URI", uri);
  refuseUnusable("domain name", name);
  return new Promise((resolve, reject) => {
    const child = execFile(
      "virsh",
      // What follows "--" is never an option, whatever it begins with.
      [`--connect=${uri}`, "--readonly", "--quiet", "dumpxml", "--", name],
      {
        encoding: "utf8",
        // English, so that the reason is known by its words.
        env: { ...environment, LC_ALL: "C.UTF-8", LANGUAGE: "" },
        maxBuffer: MAX_XML_CHARACTERS,
        timeout: timeoutMs,
        killSignal: "SIGKILL",
        signal,
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (signal.aborted) reject(reasonOf(signal));
        else reject(explain(request, error, stderr, timeoutMs));
      },
    );
    child.stdin?.end();
  });
}

function explain(
  { uri, name }: DumpRequest,
  error: ExecFileException,
  stderr: string,
  timeoutMs: number,
): VirshError {
  const cause = { cause: error };
  if (error.code === "ENOENT") return new VirshError(NOT_INSTALLED, cause);
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") {
    return new VirshError(`virsh: more than ${MAX_XML_CHARACTERS} bytes of XML for ${name}`, cause);
  }
  if (error.killed === true) {
    return new VirshError(`virsh: no answer from ${uri} in ${timeoutMs / 1000} s`, cause);
  }
  const said = reasonFrom(stderr) || error.message.split("\n")[0];
  if (stderr.includes("failed to get domain")) {
    return new VirshError(`${uri} has no domain ${name} (virsh list --all shows them)`, cause);
  }
  if (stderr.includes("failed to connect")) {
    return new VirshError(`cannot connect to ${uri}: ${said}`, cause);
  }
  return new VirshError(`virsh dumpxml of ${name} on ${uri} failed: ${said}`, cause);
}

/** The last line tells most: the ones before it say what was attempted. */
function reasonFrom(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const last = lines.at(-1)?.replace(/^error:\s*/, "") ?? "";
  return last.replace(/\p{Cc}/gu, "?").slice(0, MAX_REASON_CHARACTERS);
}

function refuseUnusable(what: string, text: string): void {
  if (text === "" || /\p{Cc}/u.test(text)) {
    throw new VirshError(
      `${what} is ${JSON.stringify(text.slice(0, 60))}, must be one printable word`,
    );
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new VirshError("virsh: stopped");
}
