const MASK = "***";
const SECRET_PARAMETER = /([?&;][^=&;#]*(?:pass|pwd|secret|key|token)[^=&;#]*=)[^&;#]*/gi;

/**
 * Hides what must not be shown of a secret value.
 *
 * @returns for a URL all of it but its passwords; anything else becomes `***`. Empty stays empty
 */
export function maskSecret(text: string): string {
  if (text === "") return text;
  const match = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(text);
  if (match === null) return MASK;
  const [, scheme = "", rest = ""] = match;
  // A password may hold any sign, "/" and "?" too when someone forgot to escape it: it ends at the last "@".
  const at = rest.lastIndexOf("@");
  // A transport URL has a user for each of several brokers: USER:PASSWORD@HOST:PORT,USER:PASSWORD@HOST:PORT
  const users = rest.slice(0, at + 1).split(/(?<=@[\w.[\]:-]*),/);
  const masked = users.map((user) => user.replace(/:.*@/s, `:${MASK}@`));
  return scheme + masked.join(",") + rest.slice(at + 1).replace(SECRET_PARAMETER, `$1${MASK}`);
}
