import { programs, type Program } from "./programs.ts";

/** A kind of packages. */
export type Family = "rpm" | "deb";

/** A package, and what is in it. */
export interface Package {
  readonly name: string;
  readonly programs: readonly Program[];
  /** Manual pages beside those of its programs: `NAME.SECTION`. A page is in one package only. */
  readonly manuals: readonly string[];
}

const { novncproxy, xvpvncproxy, consoleauth, doctor } = programs;

/** Which package holds what. The names are those of the packages that they replace. */
export const packages: Readonly<Record<Family, readonly Package[]>> = {
  rpm: [
    {
      name: "openstack-nova-novncproxy",
      programs: [novncproxy],
      manuals: ["nova-console.conf.5"],
    },
    { name: "openstack-nova-console", programs: [consoleauth, xvpvncproxy, doctor], manuals: [] },
  ],
  deb: [
    { name: "nova-novncproxy", programs: [novncproxy], manuals: ["nova-console.conf.5"] },
    { name: "nova-xvpvncproxy", programs: [xvpvncproxy], manuals: [] },
    { name: "nova-consoleauth", programs: [consoleauth], manuals: [] },
    { name: "nova-console-doctor", programs: [doctor], manuals: [] },
  ],
};

/** What the distributions of a family have their own way of. */
export interface Customs {
  /** Name of a program's unit, without `.service`. */
  readonly unit: (program: Program) => string;
  /** File of a unit's `OPTIONS`. */
  readonly environment: (unit: string) => string;
  /** Of the user nova; `-`: whichever is free. */
  readonly uid: string;
  /** The rule of the distribution's own nova packages for `/var/log/nova/*.log`. */
  readonly logrotate: string;
  /** Whether programs bring a `PROGRAM-dist.conf`, for what the family's init scripts gave on the command line. */
  readonly distConf: boolean;
  /** Folder of a package's licences. */
  readonly licences: (packageName: string) => string;
}

/** RDO's and RHEL's, and Debian's and Ubuntu's. */
export const customs: Readonly<Record<Family, Customs>> = {
  rpm: {
    unit: ({ name }) => `openstack-${name}`,
    environment: (unit) => `/etc/sysconfig/${unit}`,
    uid: "162",
    logrotate: "/etc/logrotate.d/openstack-nova",
    distConf: false,
    licences: (packageName) => `/usr/share/licenses/${packageName}`,
  },
  deb: {
    unit: ({ name }) => name,
    environment: (unit) => `/etc/default/${unit}`,
    uid: "-",
    logrotate: "/etc/logrotate.d/nova-common",
    distConf: true,
    licences: (packageName) => `/usr/share/doc/${packageName}/licences`,
  },
};
