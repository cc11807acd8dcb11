/** What this page uses of `@novnc/novnc` 1.7's `core/rfb.js`, which the build copies beside it. */

/** What a VNC server may ask for, by noVNC's names. */
export type CredentialType = "username" | "password" | "target";

interface RfbEvents {
  connect: CustomEvent<unknown>;
  disconnect: CustomEvent<{ clean: boolean }>;
  securityfailure: CustomEvent<{ status: number; reason?: string }>;
  credentialsrequired: CustomEvent<{ types: CredentialType[] }>;
  serververification: CustomEvent<{ type: string }>;
  desktopname: CustomEvent<{ name: string }>;
  clipboard: CustomEvent<{ text: string }>;
  clippingviewport: CustomEvent<boolean>;
}

interface RfbOptions {
  shared?: boolean;
  credentials?: Partial<Record<CredentialType, string>>;
}

// eslint-disable-next-line import-x/no-default-export -- noVNC's choice
export default class RFB {
  constructor(target: HTMLElement, channel: WebSocket, options?: RfbOptions);

  background: string;
  clipViewport: boolean;
  readonly clippingViewport: boolean;
  compressionLevel: number;
  dragViewport: boolean;
  focusOnClick: boolean;
  qualityLevel: number;
  resizeSession: boolean;
  scaleViewport: boolean;
  showDotCursor: boolean;
  viewOnly: boolean;

  addEventListener<Name extends keyof RfbEvents>(
    name: Name,
    listener: (event: RfbEvents[Name]) => void,
  ): void;
  blur(): void;
  clipboardPasteFrom(text: string): void;
  disconnect(): void;
  focus(options?: FocusOptions): void;
  sendCredentials(credentials: Partial<Record<CredentialType, string>>): void;
  sendCtrlAltDel(): void;
  sendKey(keysym: number, code: string | null, down?: boolean): void;
}
