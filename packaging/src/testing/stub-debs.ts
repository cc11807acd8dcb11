import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run, TempDir } from "@nova-console/test/support";

/** What a stand-in for a distribution's package is made of. */
interface Stub {
  readonly version: string;
  readonly fields?: readonly string[];
  /** Text by path from `/`; a path that ends in a slash is a folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly postinst?: string;
  readonly prerm?: string;
}

/** What debhelper writes for a service, in short. */
const START = "systemctl daemon-reload\nsystemctl enable --now nova-novncproxy.service\n";
const STOP = 'if [ "$1" = remove ]; then deb-systemd-invoke stop nova-novncproxy.service; fi\n';
const PYTHON = "#!/bin/sh\nexec sleep infinity\n";
const SERVICE = `[Service]
ExecStart=/usr/bin/nova-novncproxy
[Install]
WantedBy=multi-user.target
`;

/** Packages of Debian and Ubuntu that ours meet, as far as they meet. */
const STUBS = {
  /** Debian 12: directories, user and logrotate's rule of every nova package. */
  "nova-common": {
    version: "2:26.2.2-1",
    files: {
      "/etc/nova/": "",
      "/var/log/nova/": "",
      "/var/lib/nova/instances/": "",
      "/etc/logrotate.d/nova-common":
        "/var/log/nova/*.log {\n  daily\n  missingok\n  compress\n  delaycompress\n  copytruncate\n}\n",
      "/usr/share/nova-common/nova.conf": "[DEFAULT]\nlog_dir = /var/log/nova\n",
    },
    postinst: `adduser --system --group --home /var/lib/nova --no-create-home --quiet nova
chown nova:adm /var/log/nova
chown -R nova:nova /var/lib/nova
cp -n /usr/share/nova-common/nova.conf /etc/nova/nova.conf
`,
  },
  /** Debian 12: the proxies for browsers, in Python. */
  "nova-consoleproxy": {
    version: "2:26.2.2-1",
    fields: ["Provides: nova-novncproxy", "Conflicts: nova-novncproxy"],
    files: {
      "/usr/bin/nova-novncproxy": PYTHON,
      "/lib/systemd/system/nova-novncproxy.service": SERVICE,
    },
    postinst: START,
    prerm: STOP,
  },
  /** Ubuntu 24.04: a package of the same name as ours. */
  "nova-novncproxy": {
    version: "3:29.0.1-0ubuntu1",
    files: {
      "/usr/bin/nova-novncproxy": PYTHON,
      "/lib/systemd/system/nova-novncproxy.service": SERVICE,
    },
    postinst: START,
    prerm: STOP,
  },
} as const satisfies Record<string, Stub>;

/** Builds a stand-in into an existing folder. @returns its path */
export async function buildStubDeb(name: keyof typeof STUBS, output: string): Promise<string> {
  const stub: Stub = STUBS[name];
  await using work = await TempDir.create();
  for (const [file, text] of Object.entries(stub.files)) {
    const where = work.file(file.slice(1));
    mkdirSync(file.endsWith("/") ? where : path.dirname(where), { recursive: true });
    if (!file.endsWith("/")) writeFileSync(where, text);
    if (file.startsWith("/usr/bin/")) chmodSync(where, 0o755);
  }
  mkdirSync(work.file("DEBIAN"));
  const control = [
    ...[`Package: ${name}`, `Version: ${stub.version}`, "Architecture: all"],
    ...["Maintainer: nobody <nobody@packages.invalid>", ...(stub.fields ?? [])],
    "Description: stand-in for a distribution's package",
  ];
  writeFileSync(work.file("DEBIAN/control"), `${control.join("\n")}\n`);
  for (const script of ["postinst", "prerm"] as const) {
    const file = work.file(`DEBIAN/${script}`);
    writeFileSync(file, `#!/bin/sh\nset -e\n${stub[script] ?? ""}`, { mode: 0o755 });
  }
  const deb = path.join(output, `stub-${name}.deb`);
  const args = ["--root-owner-group", "-Znone", "--build", work.path, deb];
  const { status, stderr } = await run("dpkg-deb", args);
  if (status !== 0) throw new Error(`dpkg-deb: ${stderr}`);
  return deb;
}
