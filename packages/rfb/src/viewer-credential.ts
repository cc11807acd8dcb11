/** What a viewer showed in place of a token's text, or the text itself. */
export type ViewerCredential =
  /** A password or target that is the token. The user name is not kept: people type the token there. */
  | { readonly kind: "token"; readonly text: string }
  /** An answer that only a password's owner could give. */
  | { readonly kind: "response"; readonly challenge: Buffer; readonly response: Buffer };
