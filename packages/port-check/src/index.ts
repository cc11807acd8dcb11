/**
 * nova's `validate_console_port`: before a console is dialled, the nova-compute that runs the instance
 * is asked whether the port is still its own.
 *
 * @packageDocumentation
 */
export {
  type OpenedPortCheck,
  openPortCheck,
  type PortCheckSurroundings,
} from "./open-port-check.ts";
