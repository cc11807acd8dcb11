import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { TokenStoreSettingError } from "@nova-console/token";
import type { TlsSetting } from "./url-arguments.ts";

/** What TLS needs of the files that a URL names. */
export type TlsFiles = Pick<ConnectionOptions, "ca" | "cert" | "key"> & {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
};

/**
 * Reads them.
 *
 * @throws {@link TokenStoreSettingError} that names the file that cannot be read
 */
export function readTlsFiles(setting: TlsSetting, where: string): TlsFiles {
  const read = (path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (error) {
      const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
      throw new TokenStoreSettingError(
        `${where} names ${path} for TLS, which cannot be read (${reason}); check the path and who may read it`,
        { cause: error },
      );
    }
  };
  const { caPath, certPath, keyPath } = setting;
  return {
    ...(caPath === null ? {} : { ca: read(caPath) }),
    ...(certPath === null ? {} : { cert: read(certPath) }),
    ...(keyPath === null ? {} : { key: read(keyPath) }),
  };
}
