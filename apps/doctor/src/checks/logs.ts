import { stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import type { LoadedConfig } from "@nova-console/config";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { findObstacle } from "../host/service-user.ts";
import type { CheckContext } from "./context.ts";

/** Looks whether the services can write their logs. */
export async function checkLogs(context: CheckContext): Promise<Result[]> {
  const { novnc, xvp, consoleauth, user, userName, uses } = context;
  const files = [
    ...new Set(
      [
        uses.has("nova-novncproxy") ? logFileOf(novnc, "nova-novncproxy") : null,
        uses.has("nova-xvpvncproxy") ? logFileOf(xvp, "nova-xvpvncproxy") : null,
        uses.has("nova-consoleauth") ? logFileOf(consoleauth, "nova-consoleauth") : null,
      ].filter((file) => file !== null),
    ),
  ];
  if (files.length === 0)
    return [fine("to standard error, which systemd keeps (journalctl -u UNIT)")];
  if (user === null)
    return [notChecked(`there is no user ${userName} who must write ${files[0] ?? ""}`)];
  const results: Result[] = [];
  const directories = new Set<string>();
  for (const file of files) {
    const directory = dirname(file);
    const there = await stat(directory).catch(() => null);
    if (there === null) {
      if (!directories.has(directory)) {
        results.push(
          finding("log-not-for-service", `${directory} is not there`, [
            `install -d -o ${user.name} -g root -m 0750 ${directory}`,
          ]),
        );
      }
      directories.add(directory);
      continue;
    }
    const isFile = (await stat(file).catch(() => null)) !== null;
    const obstacle = await findObstacle(
      isFile ? file : directory,
      user,
      isFile ? ["w"] : ["w", "x"],
    );
    if (obstacle === null || directories.has(obstacle)) continue;
    directories.add(obstacle);
    results.push(
      finding(
        "log-not-for-service",
        `${user.name} cannot write ${file}: ${obstacle} does not let it`,
        [
          obstacle === file
            ? `chown ${user.name} ${file}`
            : `chown ${user.name}:root ${obstacle} && chmod 0750 ${obstacle}`,
        ],
      ),
    );
  }
  return results.length > 0 ? results : [fine(files.join(", "))];
}

/** Finds the file as the service does: log_file below log_dir, or PROGRAM.log in log_dir; null for standard error. */
export function logFileOf({ values }: LoadedConfig, program: string): string | null {
  const { log_file: file, log_dir: directory } = values.DEFAULT;
  if (file !== null && file !== "") {
    return isAbsolute(file) || directory === null || directory === ""
      ? file
      : join(directory, file);
  }
  return directory === null || directory === "" ? null : join(directory, `${program}.log`);
}
