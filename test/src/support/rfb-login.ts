import { ByteReader } from "@nova-console/byte-stream";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** What a viewer shows in RFB itself. */
export interface Login {
  readonly way: "X509Plain" | "Plain" | "xvp";
  readonly token: string;
  readonly userName?: string;
  /** What the proxy's certificate is verified with, for X509Plain. */
  readonly ca?: Buffer;
}

/** What the proxy answered. */
export interface LoginResult {
  /** ClientInit is next, unless it was refused. */
  readonly channel: Duplex;
  /** SecurityResult's words; null when it let the viewer in. */
  readonly refusal: string | null;
}

const SecurityType = { VeNCrypt: 19, Xvp: 22 } as const;
const SUBTYPE = { X509Plain: 262, Plain: 256 } as const;

/** Waits for the proxy to speak RFB, as stock viewers do, and shows a token. @see rfbproto.rst */
export async function logIn(
  socket: Socket,
  login: Login,
  signal: AbortSignal,
): Promise<LoginResult> {
  const { token, userName = "someone" } = login;
  let reader = new ByteReader(socket, signal);
  await reader.readExact(12);
  socket.write("RFB 003.008\n");
  const types = await reader.readExact(await reader.readU8());
  const type = login.way === "xvp" ? SecurityType.Xvp : SecurityType.VeNCrypt;
  if (!types.includes(type)) throw new Error(`${type} is not among types ${types.join()}`);
  socket.write(Buffer.of(type));
  let channel: Duplex = socket;
  if (login.way === "xvp") {
    await showTarget(socket, reader, userName, token);
  } else {
    await chooseSubtype(socket, reader, SUBTYPE[login.way]);
    if (login.way === "X509Plain") {
      await reader.readExact(1);
      reader.release();
      channel = await secure(socket, login.ca, signal);
      reader = new ByteReader(channel, signal);
    }
    channel.write(encodePlain(userName, token));
  }
  const refusal = (await reader.readU32()) === 0 ? null : await readReason(reader);
  reader.release();
  return { channel, refusal };
}

async function showTarget(
  socket: Socket,
  reader: ByteReader,
  userName: string,
  target: string,
): Promise<void> {
  const lengths = Buffer.of(userName.length, target.length);
  socket.write(Buffer.concat([lengths, Buffer.from(userName + target)]));
  await reader.readExact(16);
  socket.write(Buffer.alloc(16));
}

async function chooseSubtype(socket: Socket, reader: ByteReader, subtype: number): Promise<void> {
  const version = await reader.readExact(2);
  socket.write(version);
  await reader.readExact(1);
  await reader.readExact(4 * (await reader.readU8()));
  const choice = Buffer.alloc(4);
  choice.writeUInt32BE(subtype);
  socket.write(choice);
}

async function secure(
  socket: Socket,
  ca: Buffer | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  const secured = connectTls({ socket, host: "127.0.0.1", ...(ca === undefined ? {} : { ca }) });
  secured.on("error", () => undefined);
  await once(secured, "secureConnect", { signal });
  return secured;
}

function encodePlain(userName: string, token: string): Buffer {
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(userName.length, 0);
  lengths.writeUInt32BE(Buffer.byteLength(token), 4);
  return Buffer.concat([lengths, Buffer.from(userName + token)]);
}

async function readReason(reader: ByteReader): Promise<string> {
  return (await reader.readExact(await reader.readU32())).toString();
}
