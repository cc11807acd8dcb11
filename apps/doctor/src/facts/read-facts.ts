import { isIP } from "node:net";
import { DoctorInputError } from "../errors.ts";
import { parseJson } from "../parse-json.ts";
import { isList, isRecord, type Json } from "../firewall/json.ts";
import { readTextFile } from "../read-text-file.ts";
import {
  FACTS_SCHEMA,
  FACTS_VERSION,
  type CpuFacts,
  type HostFacts,
  type InterfaceAddress,
  type Missing,
  type MultipathFacts,
  type VncFacts,
} from "./facts.ts";

/**
 * Reads a file that `nova-console-doctor facts` made.
 *
 * @throws {@link DoctorInputError} that names the file, the path in the document, what was found and what is allowed
 */
export async function readFacts(file: string): Promise<HostFacts> {
  return parseFacts(await readTextFile(file), file);
}

/** The same, of a text. */
export function parseFacts(text: string, file: string): HostFacts {
  const document = parseJson(text, file, "nova-console-doctor facts");
  const root = new Place(file, "", document);
  const schema = root.at("schema").text();
  if (schema !== FACTS_SCHEMA) throw root.at("schema").wrong(JSON.stringify(FACTS_SCHEMA));
  const version = root.at("version").number();
  if (version !== FACTS_VERSION) {
    throw root.at("version").wrong(`${FACTS_VERSION}: gather it again with this release`);
  }
  const host = root.at("host");
  const virtualisation = root.at("virtualisation");
  return {
    schema: FACTS_SCHEMA,
    version: FACTS_VERSION,
    gathered: root.at("gathered").text(),
    host: {
      name: host.at("name").text(),
      names: host.at("names").list((each) => each.text()),
      id: host.at("id").textOrNull(),
    },
    addresses: root.at("addresses").list(addressOf),
    resolved: root
      .at("resolved")
      .record((each) => each.missingOr(() => each.list((one) => one.address()))),
    cpu: root.at("cpu").missingOr(cpuOf),
    virtualisation: {
      libvirt: virtualisation.at("libvirt").missingOr((each) => each.text()),
      kvm_domains: virtualisation.at("kvm_domains").missingOr((each) => each.truth()),
      kvm_device: virtualisation.at("kvm_device").truth(),
      qemu: virtualisation.at("qemu").missingOr((each) => each.text()),
    },
    users: root.at("users").list((each) => ({
      name: each.at("name").text(),
      uid: each.at("uid").number(),
      gid: each.at("gid").number(),
    })),
    groups: root
      .at("groups")
      .list((each) => ({ name: each.at("name").text(), gid: each.at("gid").number() })),
    multipath: root.at("multipath").missingOr(multipathOf),
    vnc: root.at("vnc").missingOr(vncOf),
  };
}

function addressOf(place: Place): InterfaceAddress {
  const address = place.at("address").address();
  const prefix = place.at("prefix").number();
  const most = isIP(address) === 6 ? 128 : 32;
  if (prefix > most) throw place.at("prefix").wrong(`a whole number from 0 to ${most}`);
  return { interface: place.at("interface").text(), address, prefix };
}

function cpuOf(place: Place): CpuFacts {
  return {
    arch: place.at("arch").text(),
    model: place.at("model").textOrNull(),
    vendor: place.at("vendor").textOrNull(),
    features: place.at("features").list((each) => each.text()),
  };
}

function multipathOf(place: Place): MultipathFacts {
  const friendly = place.at("user_friendly_names");
  return {
    devices: place
      .at("devices")
      .list((each) => ({ name: each.at("name").text(), wwid: each.at("wwid").text() })),
    user_friendly_names: friendly.isNull() ? null : friendly.truth(),
  };
}

function vncOf(place: Place): VncFacts {
  return {
    server_listen: place.at("server_listen").text(),
    server_proxyclient_address: place.at("server_proxyclient_address").text(),
    server_listen_source: place.at("server_listen_source").text(),
    server_proxyclient_address_source: place.at("server_proxyclient_address_source").text(),
  };
}

/** A value of the document, and the way to it for messages: `addresses[2].prefix`. */
class Place {
  readonly #file: string;
  readonly #path: string;
  readonly #value: Json | undefined;

  constructor(file: string, path: string, value: Json | undefined) {
    this.#file = file;
    this.#path = path;
    this.#value = value;
  }

  /** A field of an object. */
  at(name: string): Place {
    if (!isRecord(this.#value)) throw this.wrong("an object");
    const path = this.#path === "" ? name : `${this.#path}.${name}`;
    return new Place(
      this.#file,
      path,
      Object.hasOwn(this.#value, name) ? this.#value[name] : undefined,
    );
  }

  text(): string {
    if (typeof this.#value !== "string") throw this.wrong("a text");
    return this.#value;
  }

  textOrNull(): string | null {
    if (this.#value === null) return null;
    if (typeof this.#value !== "string") throw this.wrong("a text, or null");
    return this.#value;
  }

  address(): string {
    const text = this.text();
    // A link-local address has its interface behind it.
    if (isIP(text.split("%", 1)[0] ?? "") === 0) throw this.wrong("an IP address");
    return text;
  }

  number(): number {
    const value = this.#value;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      throw this.wrong("a whole number, 0 or more");
    }
    return value;
  }

  truth(): boolean {
    if (typeof this.#value !== "boolean") throw this.wrong("true or false");
    return this.#value;
  }

  isNull(): boolean {
    return this.#value === null;
  }

  list<T>(read: (place: Place) => T): T[] {
    const value = this.#value;
    if (value === undefined || !isList(value)) throw this.wrong("a list");
    return value.map((each, index) => read(new Place(this.#file, `${this.#path}[${index}]`, each)));
  }

  record<T>(read: (place: Place) => T): Record<string, T> {
    const value = this.#value;
    if (!isRecord(value)) throw this.wrong("an object");
    return Object.fromEntries(Object.keys(value).map((name) => [name, read(this.at(name))]));
  }

  missingOr<T>(read: (place: Place) => T): T | Missing {
    const value = this.#value;
    const why = isRecord(value) ? value["missing"] : undefined;
    return typeof why === "string" ? { missing: why } : read(this);
  }

  wrong(allowed: string): DoctorInputError {
    const found = this.#value === undefined ? "nothing" : JSON.stringify(this.#value).slice(0, 60);
    const where = this.#path === "" ? "the document" : this.#path;
    return new DoctorInputError(`${this.#file}: ${where}: found ${found}, must be ${allowed}`);
  }
}
