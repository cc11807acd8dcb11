import { open } from "node:fs/promises";
import { finding, fine, type Finding, type Result } from "../finding.ts";
import type { ConsoleProcess } from "../host/processes.ts";

const PROGRAMS = ["nova-novncproxy", "nova-xvpvncproxy", "nova-consoleauth"] as const;
const FIRST_LINE_BYTES = 200;

/** Looks for nova's own programs, which are in Python, where the units would start them. */
export async function checkPredecessors(): Promise<Result[]> {
  const files = await Promise.all(
    PROGRAMS.map(async (name) =>
      (await isPython(`/usr/bin/${name}`)) ? [`/usr/bin/${name}`] : [],
    ),
  );
  const installed = files.flat();
  const [first] = installed;
  if (first === undefined) return [fine("none of nova's own programs is in /usr/bin")];
  return [
    finding("predecessor-installed", `nova's own, in Python: ${installed.join(", ")}`, [
      `rpm -qf ${first}    (Debian: dpkg -S ${first})`,
      "yum install openstack-nova-novncproxy openstack-nova-console    (ours)",
      "or, on Debian: apt-get install ./nova-novncproxy_*.deb",
    ]),
  ];
}

/** One that has the port of ours. */
export function judgePredecessor(
  { program, pid }: ConsoleProcess,
  port: number,
  unit: string,
): Finding {
  return finding(
    "predecessor-running",
    `nova's own ${program}, in Python, has port ${port} (pid ${pid})`,
    [`systemctl restart ${unit}    (when ours is installed)`, `or: kill ${pid}`],
  );
}

/** Whether a file begins with `#!` and Python. */
async function isPython(path: string): Promise<boolean> {
  try {
    const handle = await open(path);
    try {
      const { buffer, bytesRead } = await handle.read(
        Buffer.alloc(FIRST_LINE_BYTES),
        0,
        FIRST_LINE_BYTES,
        0,
      );
      return /^#!.*python/.test(
        buffer.subarray(0, bytesRead).toString("latin1").split("\n", 1)[0] ?? "",
      );
    } finally {
      await handle.close();
    }
  } catch {
    return false;
  }
}
