/**
 * What tests of other packages need: programs that end with their scope, VNC servers, and viewers.
 *
 * @packageDocumentation
 */
export { Child } from "./child.ts";
export { differingFraction } from "./picture.ts";
export { RfbViewer } from "./rfb-viewer.ts";
export { run, type Outcome } from "./run.ts";
export { TempDir } from "./temp-dir.ts";
export { until } from "./until.ts";
export { openWebSocket, webSocketUrl } from "./web-socket-viewer.ts";
export { endedByProxy, ScriptedBackend } from "./scripted-backend.ts";
export { XVncServer } from "./x-vnc-server.ts";
export { openXvp } from "./xvp-viewer.ts";
export { freePort } from "./free-port.ts";
