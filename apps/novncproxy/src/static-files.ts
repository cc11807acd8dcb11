import { constants, type Stats } from "node:fs";
import { open, realpath, stat, type FileHandle } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { contentTypeOf } from "./content-type.ts";
import { sendError } from "./error-page.ts";
import { WebRootError } from "./errors.ts";
import { parseRequestTarget } from "./request-target.ts";
import { securityHeaders, type PageOwner } from "./security-headers.ts";
import { directoryLocation, pathNames } from "./static-path.ts";

const INDEX_FILES = ["index.html", "index.htm"];

/** What a path leads to. */
type Found =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "directory-without-slash" }
  | { readonly kind: "nothing"; readonly message: string };

const FILE_NOT_FOUND: Found = { kind: "nothing", message: "File not found" };

/**
 * The files of the web root, as nova serves them: no listings, 301 for a directory's missing slash,
 * If-Modified-Since, no ranges; and nothing that a symbolic link finds outside of the root.
 */
export class StaticFiles {
  readonly #root: string;
  readonly #owner: PageOwner;

  private constructor(root: string, owner: PageOwner) {
    this.#root = root;
    this.#owner = owner;
  }

  /**
   * @param directory - absolute, or relative to the working directory
   * @throws {@link WebRootError} if it is no directory that can be read
   */
  static async open(directory: string, owner: PageOwner): Promise<StaticFiles> {
    const option = owner === "ours" ? "the page's directory" : "[DEFAULT] web";
    let root: string;
    let isDirectory: boolean;
    try {
      root = await realpath(directory);
      isDirectory = (await stat(root)).isDirectory();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new WebRootError(`${option}: cannot serve ${directory}: ${why}`, { cause: error });
    }
    if (!isDirectory) throw new WebRootError(`${option}: ${directory} is not a directory`);
    return new StaticFiles(root, owner);
  }

  /** Answers a GET or a HEAD. */
  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = parseRequestTarget(request.url ?? "");
    for (const [name, value] of Object.entries(securityHeaders(this.#owner, request.headers.host)))
      response.setHeader(name, value);
    const found = await this.#find(path);
    switch (found.kind) {
      case "nothing":
        sendError(response, 404, found.message);
        return;
      case "directory-without-slash":
        response.writeHead(301, {
          Location: directoryLocation(path, query),
          "Content-Length": 0,
        });
        response.end();
        return;
      case "file":
        await this.#sendFile(found.path, request, response);
    }
  }

  async #find(path: string): Promise<Found> {
    const names = pathNames(path);
    if (names === null) return FILE_NOT_FOUND;
    const found = await this.#statInside(join(this.#root, ...names));
    if (found === null) return FILE_NOT_FOUND;
    if (found.stats.isFile()) {
      return path.endsWith("/") ? FILE_NOT_FOUND : { kind: "file", path: found.path };
    }
    if (!found.stats.isDirectory()) return FILE_NOT_FOUND;
    if (!path.endsWith("/")) return { kind: "directory-without-slash" };
    for (const name of INDEX_FILES) {
      const index = await this.#statInside(join(found.path, name));
      if (index?.stats.isFile() === true) return { kind: "file", path: index.path };
    }
    return { kind: "nothing", message: "No such file" };
  }

  /** @returns null if there is nothing, or if it is, links followed, outside of the root */
  async #statInside(path: string): Promise<{ path: string; stats: Stats } | null> {
    try {
      const real = await realpath(path);
      const prefix = this.#root.endsWith(sep) ? this.#root : this.#root + sep;
      if (real !== this.#root && !real.startsWith(prefix)) return null;
      return { path: real, stats: await stat(real) };
    } catch {
      return null;
    }
  }

  async #sendFile(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let file: FileHandle;
    try {
      // Links were followed already, and a FIFO put there since must not block.
      file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch {
      sendError(response, 404, "File not found");
      return;
    }
    try {
      const stats = await file.stat();
      response.setHeader("Cache-Control", "no-cache");
      if (isNotModified(request, stats.mtime)) {
        response.writeHead(304);
        response.end();
        return;
      }
      response.writeHead(200, {
        "Content-Type": contentTypeOf(path),
        "Content-Length": stats.size,
        "Last-Modified": stats.mtime.toUTCString(),
      });
      if (request.method === "HEAD" || stats.size === 0) response.end();
      else await sendBytes(file, stats.size, response);
    } finally {
      await file.close();
    }
  }
}

async function sendBytes(file: FileHandle, size: number, response: ServerResponse): Promise<void> {
  const bytes = file.createReadStream({ end: size - 1, autoClose: false });
  try {
    await pipeline(bytes, response);
  } catch {
    // The viewer left, or the disk failed: the response cannot be completed.
    response.destroy();
  }
  // A file that became shorter leaves the viewer waiting for the rest.
  if (bytes.bytesRead < size) response.destroy();
}

/** @see RFC 9110 §13.1.3: If-None-Match makes If-Modified-Since void, and we send no ETag */
function isNotModified(request: IncomingMessage, modified: Date): boolean {
  const since = request.headers["if-modified-since"];
  if (since === undefined || request.headers["if-none-match"] !== undefined) return false;
  const wholeSeconds = Math.floor(modified.getTime() / 1000) * 1000;
  return Date.parse(since) >= wholeSeconds;
}
