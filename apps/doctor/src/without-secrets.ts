/** `scheme://user:password@`, whatever signs the password has. */
const PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/"']*):[^\s"']*@/gi;
/** `token=...` of an access URL, also inside another parameter. */
const TOKEN = /(\btoken(?:=|%3D))[^\s&"'\\]+/gi;

/** Masks what must not be shown, in a text that is about to be printed. */
export function withoutSecrets(text: string): string {
  return text.replace(PASSWORD, "$1:***@").replace(TOKEN, "$1***");
}

/** A URL as nova.conf has it: its password may have spaces and quotes in it, which end a URL within a text. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)([^:@/]*):.*@/is, "$1$2:***@");
}
