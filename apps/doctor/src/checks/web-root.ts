import { stat } from "node:fs/promises";
import { join } from "node:path";
import { finding, fine, type Result } from "../finding.ts";
import { findObstacle } from "../host/service-user.ts";
import { serversOf, type CheckContext, type PortFacts } from "./context.ts";

/** Looks at the directory of the page, where it is not the program's own. */
export async function checkWebRoot({ novnc, user, ports, uses }: CheckContext): Promise<Result[]> {
  if (!uses.has("nova-novncproxy")) return [fine("nova-novncproxy is not used here")];
  const web = webOf(ports) ?? novnc.values.DEFAULT.web;
  if (web === null || web === "") return [fine("the page that comes with nova-novncproxy")];
  const found = await stat(web).catch(() => null);
  if (found === null || !found.isDirectory()) {
    const what = found === null ? "there is no such directory" : "that is no directory";
    return [
      finding("web-root-missing", `[DEFAULT] web is ${web}, and ${what}`, [
        "yum install novnc    (or remove web from nova.conf, and --web from /etc/sysconfig/openstack-nova-novncproxy)",
      ]),
    ];
  }
  if (user !== null) {
    const pages = [
      web,
      ...["vnc.html", "vnc_auto.html", "vnc_lite.html"].map((name) => join(web, name)),
    ];
    for (const path of pages) {
      const obstacle = await findObstacle(path, user, path === web ? ["r", "x"] : ["r"]);
      if (obstacle === null) continue;
      return [
        finding(
          "web-root-not-for-service",
          `${user.name} cannot read ${path}: ${obstacle} does not let it`,
          [`chmod -R o+rX ${obstacle}`],
        ),
      ];
    }
  }
  return [fine(web)];
}

/** RDO's unit has `--web` on the command line, which nova.conf does not tell. */
function webOf(ports: readonly PortFacts[]): string | null {
  const words =
    ports.flatMap(serversOf).find(({ program }) => program === "nova-novncproxy")?.words ?? [];
  const joined = words.find((word) => word.startsWith("--web="));
  if (joined !== undefined) return joined.slice("--web=".length);
  const index = words.indexOf("--web");
  return index < 0 ? null : (words[index + 1] ?? null);
}
