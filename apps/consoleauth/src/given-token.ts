import { createReadStream } from "node:fs";
import { createInterface } from "node:readline/promises";
import { type Readable, Writable } from "node:stream";
import { type CommandArguments, SettingError } from "@nova-console/service";
import { Token } from "@nova-console/token";

/** Standard input and the terminal behind it, if there is one. */
export interface TokenInput {
  readonly standardInput: Readable & { readonly isTTY?: boolean };
  /** Shows a text to the person, on standard error. */
  readonly prompt: (text: string) => void;
}

/** What {@link readGivenToken} needs. */
export interface GivenTokenContext {
  readonly input: TokenInput;
  readonly log: { warn(message: string): void };
  /** Ends the wait for the input. */
  readonly signal: AbortSignal;
}

/** Longest input: a token has 255 characters at most. */
const MAX_BYTES = 4_096;

/**
 * Reads the token that a command is about: from standard input (`-`), from a file (`--token-file`), or
 * from the command line, which warns, because other users see it in the process list.
 *
 * @param name - of the option or operand that holds the token itself
 * @returns null if none was given
 * @throws {@link SettingError} if there are two, or what was read is not one line
 */
export async function readGivenToken(
  given: CommandArguments,
  name: "token" | "--token",
  context: GivenTokenContext,
): Promise<Token | null> {
  const { input, log, signal } = context;
  const { token, "token-file": file } = given;
  if (typeof file === "string") {
    if (token !== undefined) {
      throw new SettingError(`--token-file: cannot go with ${name}, which is a token as well`);
    }
    const bytes = createReadStream(file, { end: MAX_BYTES });
    return tokenOf(await readText(bytes, `--token-file ${file}`, signal), `--token-file ${file}`);
  }
  if (typeof token !== "string") return null;
  if (token !== "-") {
    log.warn(
      "the token is in the command line, which every user of this host sees in the process list: " +
        `give it on standard input (${name === "token" ? "-" : `${name} -`}) or by --token-file FILE`,
    );
    return new Token(token);
  }
  const { standardInput } = input;
  const text =
    standardInput.isTTY === true
      ? await askPerson(input, signal)
      : await readText(standardInput, "standard input", signal);
  return tokenOf(text, "standard input");
}

/** Reads all of a short stream. */
async function readText(bytes: Readable, source: string, signal: AbortSignal): Promise<string> {
  const end = (): void => {
    bytes.destroy(new Error("nothing more came in time"));
  };
  signal.addEventListener("abort", end);
  try {
    const chunks: Buffer[] = [];
    let byteCount = 0;
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      byteCount += chunk.length;
      if (byteCount > MAX_BYTES) throw new SettingError(`${source}: more than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    if (error instanceof SettingError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new SettingError(`${source}: ${why}`, { cause: error });
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** Asks on the terminal; what is typed is not shown. */
async function askPerson(
  { standardInput, prompt }: TokenInput,
  signal: AbortSignal,
): Promise<string> {
  const unseen = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  // It turns the terminal's own echo off, so that the prompt comes after it.
  const terminal = createInterface({ input: standardInput, output: unseen, terminal: true });
  prompt("Token: ");
  const left = new AbortController();
  terminal.on("close", () => {
    left.abort();
  });
  try {
    return await terminal.question("", { signal: AbortSignal.any([signal, left.signal]) });
  } catch (error) {
    throw new SettingError("standard input: no token was typed", { cause: error });
  } finally {
    terminal.close();
    prompt("\n");
  }
}

/** A file's last line end is no part of the token. */
function tokenOf(text: string, source: string): Token {
  const line = text.replace(/\r?\n$/, "");
  if (line === "" || /[\r\n]/.test(line)) {
    throw new SettingError(`${source}: must have one line, the token`);
  }
  return new Token(line);
}
