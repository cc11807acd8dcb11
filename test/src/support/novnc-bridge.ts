import { symlink, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { accepting } from "./tcp.ts";
import { TempDir } from "./temp-dir.ts";

const noVncPath = fileURLToPath(new URL("../../../node_modules/@novnc/novnc/", import.meta.url));

/** noVNC with nothing around it; `#` carries the credentials as a query. */
const PAGE = `<!doctype html><title>noVNC</title><body><script type="module">
import RFB from "./novnc/core/rfb.js";
const credentials = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const said = (text) => document.body.append(text);
const rfb = new RFB(document.body, "ws://" + location.host + "/", { credentials });
rfb.addEventListener("securityfailure", ({ detail }) => said(detail.reason));
rfb.addEventListener("capabilities", ({ detail }) => said(JSON.stringify(detail.capabilities)));
</script>`;

/** Debian's websockify before a TCP port, and noVNC on a page of its own. */
export class NoVncBridge implements AsyncDisposable {
  readonly #port: number;
  readonly #owned: AsyncDisposableStack;

  private constructor(port: number, owned: AsyncDisposableStack) {
    this.#port = port;
    this.#owned = owned;
  }

  static async start(target: number): Promise<NoVncBridge> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    await writeFile(directory.file("index.html"), PAGE);
    await symlink(noVncPath, directory.file("novnc"));
    const port = await freePort();
    const bridge = owned.use(
      await Child.start("/usr/bin/websockify", [
        ...["--web", directory.path, `127.0.0.1:${port}`, `127.0.0.1:${target}`],
      ]),
    );
    await accepting(bridge, { host: "127.0.0.1", port });
    return new NoVncBridge(port, owned.move());
  }

  /** The page that shows `target` in the credentials of security type xvp. */
  url(target: string): URL {
    const credentials = new URLSearchParams({ username: "someone", password: "any", target });
    return new URL(`http://127.0.0.1:${this.#port}/index.html#${credentials}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
