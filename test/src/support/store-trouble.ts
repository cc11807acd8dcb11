import { rename, rm, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { Child } from "./child.ts";

/** Something that keeps the embedded token store's file from being used, until `end`. */
export interface Trouble {
  end(): Promise<void>;
}

/** Takes a lock, says so, and keeps it until it is killed. */
const HOLDER = `
  import { DatabaseSync } from "node:sqlite";
  const [, path, how] = process.argv;
  const database = new DatabaseSync(path, { timeout: 10_000 });
  database.exec("BEGIN " + how);
  console.log("locked");
  setInterval(() => undefined, 60_000);`;

/** Another process holds the write lock. */
export async function lock(path: string): Promise<Trouble> {
  return hold(path, "IMMEDIATE");
}

/** The file is another one, from which another process keeps even readers; it stays when that ends. */
export async function replaceByLocked(path: string): Promise<Trouble> {
  const other = `${path}.other`;
  const database = new DatabaseSync(other);
  database.exec("CREATE TABLE t (a)");
  database.close();
  const holder = await hold(other, "EXCLUSIVE");
  await remove(path);
  await rename(other, path);
  return holder;
}

/** The file is gone, with what lies beside it, and does not come back. */
export async function remove(path: string): Promise<Trouble> {
  for (const suffix of ["-wal", "-shm", ""]) await rm(path + suffix, { force: true });
  return { end: () => Promise.resolve() };
}

/** The file system is full. @param path - on one that nothing else needs */
export async function fillDisk(path: string): Promise<Trouble> {
  const filler = `${path}.filler`;
  for (const bytes of [65_536, 4_096]) {
    try {
      for (;;) await writeFile(filler, Buffer.alloc(bytes), { flag: "a" });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
    }
  }
  return { end: () => rm(filler, { force: true }) };
}

async function hold(path: string, how: "IMMEDIATE" | "EXCLUSIVE"): Promise<Trouble> {
  const args = ["--input-type=module", "-e", HOLDER, path, how];
  const holder = await Child.start(process.execPath, args);
  await holder.printed(/locked/);
  return { end: () => holder[Symbol.asyncDispose]() };
}
