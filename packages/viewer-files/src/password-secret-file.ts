/** Token stores that cannot list tokens, so that the token of a viewer password is not found. */
const WITHOUT_LIST: ReadonlySet<string> = new Set(["consoleauth", "nova_api"]);

/**
 * Finds the file of the secret that viewer passwords are derived with.
 *
 * @param options - `[console_proxy]`
 * @returns null where passwords find no token: no secret is to be made then, and VncAuth not offered
 */
export function passwordSecretFileOf(options: {
  readonly token_store: string;
  readonly viewer_password_secret_file: string;
}): string | null {
  return WITHOUT_LIST.has(options.token_store) ? null : options.viewer_password_secret_file;
}
