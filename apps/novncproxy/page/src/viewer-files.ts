/** Where the files are that open this console in a desktop viewer. */
export interface ViewerFiles {
  readonly virtViewerUrl: string;
  readonly tigerVncUrl: string;
  /** What a viewer is told as its password. */
  readonly token: string;
}

/**
 * Finds the files for desktop viewers: beside the WebSocket, for the same token.
 *
 * ```
 * wss://host/prefix/?token=T  ->  https://host/prefix/console.vv?token=T
 * ```
 *
 * @param webSocketUrl - as `findWebSocket` finds it; null if there is none
 * @returns null if the page knows no token (it may be in a cookie): the files need it in their URL
 */
export function findViewerFiles(webSocketUrl: string | null): ViewerFiles | null {
  if (webSocketUrl === null) return null;
  const webSocket = new URL(webSocketUrl);
  // The last of several, as the server has it.
  const token = webSocket.searchParams.getAll("token").at(-1) ?? "";
  if (token === "") return null;
  const urlOf = (name: string): string => {
    const url = new URL(name, webSocket);
    url.protocol = webSocket.protocol === "wss:" ? "https:" : "http:";
    url.search = `token=${encodeURIComponent(token)}`;
    return url.href;
  };
  return { virtViewerUrl: urlOf("console.vv"), tigerVncUrl: urlOf("console.vnc"), token };
}
