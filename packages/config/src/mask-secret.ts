const MASK = "***";
const SECRET_PARAMETER = /([?&;][^=&;#]*(?:pass|pwd|secret|key|token)[^=&;#]*=)[^&;#]*/gi;

/**
 * Hides what must not be shown of a secret value.
 *
 * @returns for a URL all of it but its password; anything else becomes `***`. Empty stays empty
 */
export function maskSecret(text: string): string {
  if (text === "") return text;
  const match = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(text);
  if (match === null) return MASK;
  const [, scheme = "", rest = ""] = match;
  // A password may hold any sign, "/" and "?" too when someone forgot to escape it: it ends at the last "@".
  const at = rest.lastIndexOf("@");
  const user = rest.slice(0, at + 1).replace(/:.*@$/s, `:${MASK}@`);
  return scheme + user + rest.slice(at + 1).replace(SECRET_PARAMETER, `$1${MASK}`);
}
