import { appendFile, chmod, readFile, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { Child } from "./child.ts";
import { inDays, SECRET, type DoctorFault } from "./doctor-host.ts";
import { freePort } from "./free-port.ts";
import type { NovaConf } from "./nova-conf.ts";

/** Faults of nova.conf, ports, certificate and base URLs. */
export const settingFaults: readonly DoctorFault[] = [
  [
    "config-unreadable",
    "a config file that is not there",
    () => ({ args: ["--config-file", "/nonexistent/nova.conf"] }),
  ],
  [
    "config-invalid",
    "a port that is none",
    () => ({ conf: { vnc: { novncproxy_port: "sixty" } } }),
  ],
  ["config-invalid", "a line that is none", () => ({ conf: { "vnc]\nnonsense\n[vnc": {} } })],
  [
    "config-unknown-option",
    "a mistyped option",
    () => ({ conf: { vnc: { novncproxy_prot: 6080 } } }),
  ],
  ["config-not-for-service", "a config file of root alone", () => ({ mode: 0o600 })],
  [
    "secret-world-readable",
    "a password that everybody can read",
    () => ({ conf: { service_user: { password: SECRET } }, mode: 0o644 }),
  ],
  [
    "port-held-by-other",
    "another program at the port",
    async (at) => {
      const port = await at.listening(createServer());
      return { conf: { vnc: { novncproxy_port: port } } };
    },
  ],
  [
    "port-held-by-other",
    "one port for both proxies",
    (at) => ({ conf: { vnc: { xvpvncproxy_port: at.novncPort } } }),
  ],
  [
    "listen-address-missing",
    "a virtual address that is not here",
    async () => ({
      conf: { vnc: { novncproxy_host: "192.0.2.77", novncproxy_port: await freePort() } },
    }),
  ],
  [
    "predecessor-running",
    "nova's own proxy, in Python, at the port",
    async (at) => {
      const port = await freePort();
      const script = at.directory.file("nova-novncproxy");
      await writeFile(
        script,
        `import socket,time\ns=socket.create_server(("0.0.0.0",${port}))\nprint("up",flush=True)\ntime.sleep(600)\n`,
      );
      const child = at.owned.use(await Child.start("python3", [script]));
      await child.printed(/up/);
      return { conf: { vnc: { novncproxy_port: port } } };
    },
  ],
  [
    "certificate-missing",
    "a certificate that is not there",
    () => ({ conf: { DEFAULT: { cert: "/nonexistent/cert.pem" } } }),
  ],
  [
    "certificate-missing",
    "ssl_only without a certificate",
    async () => ({ conf: { DEFAULT: { ssl_only: "true" }, ...(await freePorts()) } }),
  ],
  [
    "certificate-unusable",
    "the key of another certificate",
    async (at) => {
      const [mine, other] = [
        await at.certificate("a", inDays(-1), inDays(99)),
        await at.certificate("b", inDays(-1), inDays(99)),
      ];
      return { conf: { DEFAULT: { cert: mine.cert, key: other.key } } };
    },
  ],
  [
    "certificate-expired",
    "a certificate whose time is over",
    async (at) => ({
      conf: { DEFAULT: { ...(await at.certificate("a", inDays(-9), inDays(-1))) } },
    }),
  ],
  [
    "certificate-expired",
    "an authority's certificate in the chain whose time is over",
    async (at) => {
      const mine = await at.certificate("a", inDays(-1), inDays(99));
      const authority = await at.certificate("b", inDays(-9), inDays(-1));
      await appendFile(mine.cert, await readFile(authority.cert));
      return { conf: { DEFAULT: mine } };
    },
  ],
  [
    "certificate-not-yet-valid",
    "a certificate of tomorrow",
    async (at) => ({
      conf: { DEFAULT: { ...(await at.certificate("a", inDays(1), inDays(99))) } },
    }),
  ],
  [
    "certificate-expires-soon",
    "a certificate of ten more days",
    async (at) => ({
      conf: { DEFAULT: { ...(await at.certificate("a", inDays(-1), inDays(10))) } },
    }),
  ],
  [
    "certificate-name",
    "a certificate for another host",
    async (at) => ({
      conf: {
        DEFAULT: { ...(await at.certificate("other.example", inDays(-1), inDays(99))) },
        ...(await freeByTls()),
      },
    }),
  ],
  [
    "certificate-chain",
    "a chain without the certificate of the intermediate authority",
    async (at) => ({
      conf: { DEFAULT: await at.signedBy("authorityInfoAccess=caIssuers;URI:http://ca.invalid/i") },
    }),
  ],
  [
    "certificate-authority-unknown",
    "a certificate of an authority that this host does not know",
    async (at) => ({ conf: { DEFAULT: await at.signedBy("keyUsage=digitalSignature") } }),
  ],
  [
    "certificate-not-for-service",
    "a key of root alone",
    async (at) => {
      const made = await at.certificate("a", inDays(-1), inDays(99));
      await chmod(made.key, 0o600);
      return { conf: { DEFAULT: { ...made } } };
    },
  ],
  [
    "base-url-loopback",
    "a base URL of loopback in a cloud",
    (at) => ({
      conf: {
        DEFAULT: { transport_url: `rabbit://nova:${SECRET}@127.0.0.1:1/` },
        vnc: { novncproxy_base_url: `http://127.0.0.1:${at.novncPort}/vnc_lite.html` },
      },
    }),
  ],
  [
    "base-url-scheme",
    "https without a certificate",
    (at) => ({
      conf: {
        vnc: { novncproxy_base_url: `https://${hostname()}:${at.novncPort}/vnc_lite.html` },
      },
    }),
  ],
  [
    "base-url-name",
    "a base URL whose name nobody knows",
    () => ({
      conf: { vnc: { novncproxy_base_url: "http://no-such-host.invalid:6080/vnc_lite.html" } },
    }),
  ],
  [
    "base-url-unreachable",
    "a base URL at which nobody is",
    async () => ({
      conf: { vnc: { xvpvncproxy_base_url: `http://127.0.0.1:${await freePort()}/console` } },
    }),
  ],
  [
    "base-url-elsewhere",
    "a base URL of another web server",
    async (at) => {
      const port = await at.listening(
        createHttpServer((_request, response) => response.end("welcome")),
      );
      return { conf: { vnc: { novncproxy_base_url: `http://127.0.0.1:${port}/vnc_lite.html` } } };
    },
  ],
  [
    "base-url-page",
    "a page that there is not",
    (at) => ({
      conf: {
        vnc: { novncproxy_base_url: `http://${hostname()}:${at.novncPort}/no_such.html` },
      },
    }),
  ],
];

/** A port of nobody's, to which a base URL leads by TLS. */
async function freeByTls(): Promise<NovaConf> {
  const port = await freePort();
  const url = `https://${hostname()}:${port}/vnc_lite.html`;
  return { vnc: { novncproxy_port: port, novncproxy_base_url: url } };
}

/** Ports of nobody's, to which base URLs lead by a load balancer. */
async function freePorts(): Promise<NovaConf> {
  return {
    vnc: {
      ...{ novncproxy_port: await freePort(), xvpvncproxy_port: await freePort() },
      novncproxy_base_url: `http://${hostname()}/vnc_lite.html`,
      xvpvncproxy_base_url: `http://${hostname()}/console`,
    },
  };
}
