import { fileURLToPath } from "node:url";
import { run, type Outcome } from "./run.ts";

const program = fileURLToPath(
  new URL("../../../apps/doctor/bin/nova-console-doctor.cjs", import.meta.url),
);
const ours = fileURLToPath(
  new URL("../../../apps/novncproxy/bin/nova-novncproxy.cjs", import.meta.url),
);

/** One finding of `--json`. */
interface DoctorFinding {
  readonly id: string;
  readonly severity: "fault" | "advice";
  readonly what: string;
  readonly why: string;
  readonly mend: readonly string[];
}

/** What `--json` prints, as far as tests look. */
export interface DoctorReport {
  readonly faults: number;
  readonly findings: readonly DoctorFinding[];
  readonly fine: readonly { readonly check: string; readonly text: string }[];
  readonly not_checked: readonly { readonly check: string; readonly why: string }[];
}

/**
 * Runs nova-console-doctor on a host where our programs are installed: in a mount namespace of its own our
 * nova-novncproxy is in the place of nova's, which the machine of the tests has.
 */
export function runDoctor(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const script = 'mount --bind "$0" /usr/bin/nova-novncproxy && exec "$@"';
  return run(
    "unshare",
    ["--mount", "sh", "-c", script, ours, process.execPath, program, ...args],
    environment,
  );
}

/** Runs it as it is. */
export function runPlainDoctor(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return run(process.execPath, [program, ...args], environment);
}

/** Reads what `--json` printed. */
export function reportOf({ stdout, stderr }: Outcome): DoctorReport {
  if (stdout === "") throw new Error(`the doctor printed nothing: ${stderr}`);
  // The program's own output: a test fails if it is not of this shape.
  return JSON.parse(stdout) as DoctorReport;
}

/** Ids of what was found, each once, in alphabetical order. */
export function idsOf({ findings }: DoctorReport): string[] {
  return [...new Set(findings.map(({ id }) => id))].sort();
}
