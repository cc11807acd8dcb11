import path from "node:path";
import { Child, run, TempDir, type Outcome } from "@nova-console/test/support";

const SCRIPT = path.join(import.meta.dirname, "installed-root.sh");

/**
 * A folder that packages are installed into as if it were `/`, and whose programs run as if it were.
 *
 * What they read and the packages do not bring (the C library, a shell) is this machine's. It lives in memory, in a
 * mount namespace of its own.
 */
export class InstalledRoot implements AsyncDisposable {
  readonly #directory: string;
  readonly #holder: Child;
  readonly #owned: AsyncDisposableStack;

  private constructor(directory: string, holder: Child, owned: AsyncDisposableStack) {
    this.#directory = directory;
    this.#holder = holder;
    this.#owned = owned;
  }

  /** Makes an empty one. */
  static async create(): Promise<InstalledRoot> {
    await using owned = new AsyncDisposableStack();
    const { path: directory } = owned.use(await TempDir.create());
    const holder = owned.use(await Child.start("unshare", ["--mount", "sh", SCRIPT, directory]));
    await holder.printed(/^ready$/m);
    return new InstalledRoot(directory, holder, owned.move());
  }

  /** Where this machine finds what packages brought: `/proc/PID/root/...`. */
  path(file: string): string {
    return `/proc/${this.#holder.pid}/root${this.#directory}/packages${file}`;
  }

  /**
   * Runs rpm on it. Scriptlets are left out: an empty root has no shell; they are run where a systemd is.
   *
   * @throws Error if it fails, or complains
   */
  async rpm(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.#inNamespace(
      ...["rpm", `--root=${this.#directory}/packages`, "--dbpath=/var/lib/rpm", ...args],
    );
    if (status === 0) return stdout;
    throw new Error(`rpm ${args.join(" ")}: ${stdout}${stderr}`);
  }

  /** Runs an installed program to its end; any exit status is an answer. */
  run(...command: readonly string[]): Promise<Outcome> {
    return this.#inNamespace("chroot", `${this.#directory}/root`, ...command);
  }

  /** Starts an installed program; it ends with the root. */
  async start(...command: readonly string[]): Promise<Child> {
    const inside = ["chroot", `${this.#directory}/root`, ...command];
    return this.#owned.use(await Child.start("nsenter", [...this.#namespace(), ...inside]));
  }

  #inNamespace(...command: readonly string[]): Promise<Outcome> {
    return run("nsenter", [...this.#namespace(), ...command]);
  }

  #namespace(): string[] {
    return [`--target=${this.#holder.pid}`, "--mount", "--"];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
