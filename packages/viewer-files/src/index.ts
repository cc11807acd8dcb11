/**
 * How a person opens a console in a desktop viewer: connection files, the command line, and the
 * answers to the requests for them.
 *
 * @packageDocumentation
 */
export {
  answerViewerFileRequest,
  type ViewerFileAnswer,
  type ViewerFileRequest,
} from "./answer-viewer-file-request.ts";
export { ViewerFilesError } from "./errors.ts";
export { openViewerAccess, type ViewerProblem, type ViewerSettings } from "./open-viewer-access.ts";
export { viewerTicketOf, type ViewerAccess, type ViewerTicket } from "./viewer-access.ts";
export { viewerAddressOf, type ViewerAddress } from "./viewer-address.ts";
export {
  effectiveViewerSecurity,
  safestStockSecurity,
  type StockSecurity,
} from "./viewer-security.ts";
export { vncviewerCommand } from "./vncviewer-command.ts";
export { passwordSecretFileOf } from "./password-secret-file.ts";
