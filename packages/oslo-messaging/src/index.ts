/**
 * oslo.messaging's RPC over RabbitMQ, both ends: what OpenStack services call each other by.
 *
 * Connections come back by themselves, to the next broker of `transport_url`; nothing that happens to
 * one is thrown where nobody catches it.
 *
 * @packageDocumentation
 */
export {
  rpcConnectionOptionsFrom,
  type BrokerTls,
  type RpcConnectionOptions,
  type RpcLog,
} from "./connection-options.ts";
export {
  BrokerUnavailableError,
  InvalidMessageError,
  RemoteError,
  RpcError,
  RpcSettingError,
  RpcTimeoutError,
  RpcUnroutableError,
} from "./errors.ts";
export { RpcClient, type CallOptions, type RpcTarget } from "./rpc-client.ts";
export { RpcServer, type Endpoint, type RpcService } from "./rpc-server.ts";
export { parseTransportUrl, type TransportHost, type TransportUrl } from "./transport-url.ts";
export { isCompatible } from "./version.ts";
