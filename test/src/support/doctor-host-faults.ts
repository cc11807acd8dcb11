import { chmod, chown, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { inDays, MOST_CONNECTIONS, SECRET, UID, type DoctorFault } from "./doctor-host.ts";
import { freePort } from "./free-port.ts";

/** Faults of what the proxies need around them. */
export const hostFaults: readonly DoctorFault[] = [
  [
    "token-store-setting",
    "Redis without a URL",
    () => ({ conf: { console_proxy: { token_store: "redis" } } }),
  ],
  [
    "token-store-setting",
    "consoleauth without a broker",
    () => ({ conf: { console_proxy: { token_store: "consoleauth" } } }),
  ],
  [
    "token-store-unavailable",
    "a MariaDB that is away",
    async () => ({
      conf: {
        database: {
          connection: `mysql+pymysql://nova:${SECRET}@127.0.0.1:${await freePort()}/nova`,
        },
      },
    }),
  ],
  [
    "token-store-unavailable",
    "a Redis that is away",
    async () => ({
      conf: {
        console_proxy: {
          token_store: "redis",
          redis_url: `redis://:${SECRET}@127.0.0.1:${await freePort()}/0`,
        },
      },
    }),
  ],
  [
    "token-store-cell",
    "the database of cell0",
    () => ({
      conf: { database: { connection: `mysql+pymysql://nova:${SECRET}@127.0.0.1:1/nova_cell0` } },
    }),
  ],
  [
    "token-store-cell",
    "nova's API database",
    () => ({
      conf: { database: { connection: `postgresql://nova:${SECRET}@127.0.0.1:1/nova_api?x=y` } },
    }),
  ],
  [
    "broker-unavailable",
    "a broker that is down",
    async () => ({
      conf: {
        DEFAULT: { transport_url: `rabbit://nova:${SECRET}@127.0.0.1:${await freePort()}/` },
      },
    }),
  ],
  [
    "token-store-not-for-service",
    "a file of tokens that root has made",
    async (at) => {
      const path = at.directory.file("state");
      await mkdir(path);
      await chown(path, UID, UID);
      await writeFile(`${path}/consoles.sqlite`, "", { mode: 0o600 });
      return { conf: { DEFAULT: { state_path: path } } };
    },
  ],
  [
    "compute-unreachable",
    "a VNC port that is closed",
    async () => ({ args: ["--compute", `127.0.0.1:${await freePort()}`] }),
  ],
  [
    "compute-no-rfb",
    "a web server at the VNC port",
    async (at) => {
      const port = await at.listening(
        createServer((socket) => {
          socket.on("error", () => undefined);
          socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
        }),
      );
      return { args: ["--compute", `127.0.0.1:${port}`] };
    },
  ],
  [
    "compute-no-rfb",
    "a silent listener at the VNC port",
    async (at) => {
      const port = await at.listening(
        createServer((socket) => socket.on("error", () => undefined)),
      );
      return { args: ["--compute", `127.0.0.1:${port}`] };
    },
  ],
  [
    "compute-name",
    "a compute whose name nobody knows",
    () => ({ args: ["--compute", "no-such-host.invalid:5900"] }),
  ],
  [
    "clock-skew",
    "a controller whose clock is an hour off",
    async (at) => {
      const port = await at.listening(
        createHttpServer((_request, response) => {
          response.setHeader("Date", new Date(Date.now() - 3_600_000).toUTCString());
          response.end("{}");
        }),
      );
      return { conf: { keystone_authtoken: { auth_url: `http://127.0.0.1:${port}/v3` } } };
    },
  ],
  [
    "clock-not-synchronised",
    "a clock that nothing keeps right",
    async (at) => ({
      environment: await at.commands({ chronyc: "echo 'Leap status     : Not synchronised'" }),
    }),
  ],
  [
    "descriptors-too-few",
    "more sessions than files",
    () => ({ conf: { console_proxy: { max_sessions: 50_000_000 } } }),
  ],
  [
    "connections-refused",
    "connections of one address that a limit refused",
    async (at) => {
      const sockets = Array.from({ length: MOST_CONNECTIONS + 1 }, () =>
        connect(at.novncPort, "127.0.0.1").on("error", () => undefined),
      );
      await new Promise((refused) => {
        for (const socket of sockets) socket.once("close", refused);
      });
      for (const socket of sockets) socket.destroy();
      return { conf: { console_proxy: { admin_listen: at.adminListen } } };
    },
  ],
  [
    "selinux-execmem",
    "SELinux without os_nova_use_execmem",
    async (at) => ({
      environment: await at.commands({
        getenforce: "echo Enforcing",
        getsebool: "echo 'os_nova_use_execmem --> off'",
        stat: "echo system_u:object_r:nova_console_exec_t:s0",
      }),
    }),
  ],
  [
    "web-root-missing",
    "a web root that is not there",
    () => ({ conf: { DEFAULT: { web: "/nonexistent/novnc" } } }),
  ],
  ["web-root-not-for-service", "a web root of root alone", web(0o700)],
  [
    "vnc-loopback",
    "VNC servers on loopback in a cloud",
    () => ({
      conf: {
        DEFAULT: { transport_url: `rabbit://nova:${SECRET}@127.0.0.1:1/` },
        vnc: { server_listen: "127.0.0.1" },
      },
    }),
  ],
  [
    "workers-too-many",
    "more workers than cores",
    () => ({ conf: { console_proxy: { workers: 512 } } }),
  ],
  [
    "log-not-for-service",
    "a log folder of root alone",
    async (at) => {
      const path = at.directory.file("log");
      await mkdir(path, { mode: 0o750 });
      return { conf: { DEFAULT: { log_dir: path } } };
    },
  ],
  ["service-not-running", "a service that failed", unit("failed", "enabled")],
  [
    "service-restarts",
    "a service that ends again and again",
    unit("activating", "enabled", "echo SubState=auto-restart; echo NRestarts=7;"),
  ],
  [
    "port-held-by-other",
    "another program at the port that OPTIONS names",
    async (at) => {
      const port = await at.listening(createServer());
      const file = at.directory.file("options");
      await writeFile(file, `OPTIONS="--vnc-novncproxy_port ${port}"\n`);
      const start =
        "{ path=/usr/bin/nova-novncproxy ; argv[]=/usr/bin/nova-novncproxy --console_proxy-on_stop leave $OPTIONS ; ignore_errors=no ; }";
      const more = `echo 'ExecStart=${start}'; echo 'EnvironmentFiles=${file} (ignore_errors=yes)';`;
      return unit("active", "enabled", more)(at);
    },
  ],
  [
    "service-sandbox",
    "a certificate that the unit's ProtectHome hides",
    async (at) => {
      const made = await at.certificate("a", inDays(-1), inDays(99));
      const path = "/home/nova-console-doctor-test.pem";
      await copyFile(made.cert, path);
      await chmod(path, 0o644);
      at.owned.defer(() => rm(path));
      return {
        ...(await unit("active", "enabled", "echo ProtectHome=yes;")(at)),
        conf: { DEFAULT: { cert: path, key: made.key } },
      };
    },
  ],
  [
    "config-invalid",
    "a word in OPTIONS that the program refuses",
    unit(
      "active",
      "enabled",
      "echo 'ExecStart={ path=/usr/bin/nova-novncproxy ; argv[]=/usr/bin/nova-novncproxy --no-such-option ; }';",
    ),
  ],
  ["service-not-enabled", "a service that the next boot forgets", unit("active", "disabled")],
];

/** A web root that only `mode` lets at. */
function web(mode: number): DoctorFault[2] {
  return async (at) => {
    const path = at.directory.file(`web-${mode.toString(8)}`);
    await mkdir(path);
    await writeFile(`${path}/vnc_lite.html`, "page");
    await chmod(path, mode);
    return { conf: { DEFAULT: { web: path } } };
  };
}

/** A unit, as systemctl shows it. */
function unit(active: string, file: string, more = ""): DoctorFault[2] {
  return async (at) => ({
    environment: await at.commands({
      systemctl: `case "$1" in is-system-running) echo running;; *) case "$2" in openstack-nova-novncproxy*) echo LoadState=loaded; echo ActiveState=${active}; echo UnitFileState=${file}; echo LimitNOFILE=524288; ${more} :;; *) echo LoadState=not-found;; esac;; esac`,
    }),
  });
}
