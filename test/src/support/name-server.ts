import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { randomInt } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { TempDir } from "./temp-dir.ts";

const HEADER_BYTES = 12;
const TYPE_A = 1;
/** Each answer: a pointer to the name in the question, type A, class IN, TTL 0, four bytes. RFC 1035 4.1.3 */
const ANSWER_HEAD = Buffer.from("c00c 0001 0001 00000000 0004".replaceAll(" ", ""), "hex");

/**
 * A DNS server that answers for the names it knows, and stays silent for all others: those hang.
 *
 * Programs use it that are started with {@link wrap}: in a mount namespace of their own, which needs root.
 */
export class NameServer implements AsyncDisposable {
  /** IPv4 addresses by name. An empty list: the name has no address. */
  readonly addresses = new Map<string, readonly string[]>();
  /** Names that were asked for, with each repetition. */
  readonly asked: string[] = [];
  /** Whether it stays silent for every name. */
  isSilent = false;
  readonly #socket: Socket;
  readonly #directory: TempDir;

  private constructor(socket: Socket, directory: TempDir) {
    this.#socket = socket;
    this.#directory = directory;
    socket.on("message", (message, { address, port }) => {
      const reply = this.#answer(message);
      if (reply !== null) socket.send(reply, port, address);
    });
  }

  static async start(): Promise<NameServer> {
    // resolv.conf knows no port: the address is what is free.
    const address = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
    const socket = createSocket("udp4");
    socket.bind(53, address);
    await once(socket, "listening");
    const directory = await TempDir.create();
    await writeFile(directory.file("resolv.conf"), `nameserver ${address}\n`);
    await writeFile(directory.file("nsswitch.conf"), "hosts: files dns\n");
    return new NameServer(socket, directory);
  }

  /** Words of a command that is to use this server, put in front of it. */
  get wrap(): readonly string[] {
    const mounts = ["resolv.conf", "nsswitch.conf"].map(
      (file) => `mount --bind '${this.#directory.file(file)}' /etc/${file} && `,
    );
    return [
      ...["unshare", "--mount", "--propagation", "private"],
      ...["sh", "-c", `${mounts.join("")}exec "$@"`, "sh"],
    ];
  }

  #answer(message: Buffer): Buffer | null {
    const [name, end] = nameIn(message);
    this.asked.push(name);
    const addresses = this.addresses.get(name);
    if (addresses === undefined || this.isSilent) return null;
    const answers = message.readUInt16BE(end) === TYPE_A ? addresses : [];
    const head = Buffer.from(message.subarray(0, HEADER_BYTES));
    // A response, recursion available, no error; one question, and its answers.
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(answers.length, 6);
    head.fill(0, 8);
    const question = message.subarray(HEADER_BYTES, end + 4);
    const bytes = answers.map((each) => Buffer.from(each.split(".").map(Number)));
    return Buffer.concat([head, question, ...bytes.flatMap((each) => [ANSWER_HEAD, each])]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#directory[Symbol.asyncDispose]();
  }
}

/** @returns the question's name in lower case, and where it ends */
function nameIn(message: Buffer): [name: string, end: number] {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = message.readUInt8(at);
    at++;
    if (length === 0) return [labels.join(".").toLowerCase(), at];
    labels.push(message.toString("latin1", at, at + length));
    at += length;
  }
}
