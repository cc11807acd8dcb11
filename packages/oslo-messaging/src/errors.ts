/** Base of every error this package throws. */
export abstract class RpcError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `RPC_ERR_${string}`;
}

/** `[DEFAULT] transport_url`, or a setting of `[oslo_messaging_rabbit]`, cannot be used; never shows the URL. */
export class RpcSettingError extends RpcError {
  override readonly name = "RpcSettingError";
  readonly code = "RPC_ERR_SETTING";
}

/** No broker of `transport_url` can be reached, or the connection broke before the answer came. */
export class BrokerUnavailableError extends RpcError {
  override readonly name = "BrokerUnavailableError";
  readonly code = "RPC_ERR_BROKER_UNAVAILABLE";
}

/** The broker has no queue for whom the message is meant: that service is not running. */
export class RpcUnroutableError extends RpcError {
  override readonly name = "RpcUnroutableError";
  readonly code = "RPC_ERR_UNROUTABLE";
}

/** The message was sent, and no answer came in time. */
export class RpcTimeoutError extends RpcError {
  override readonly name = "RpcTimeoutError";
  readonly code = "RPC_ERR_TIMEOUT";
}

/** A message that is not what oslo.messaging sends. */
export class InvalidMessageError extends RpcError {
  override readonly name = "InvalidMessageError";
  readonly code = "RPC_ERR_INVALID_MESSAGE";
}

/** What the service at the other end raised. Its traceback is not kept. */
export class RemoteError extends RpcError {
  override readonly name = "RemoteError";
  readonly code = "RPC_ERR_REMOTE";
  /** The exception's class, such as `InstanceNotReady`. */
  readonly remoteClass: string;
  /** The Python module of the class, such as `nova.exception`. */
  readonly remoteModule: string;
  /** What the exception says. */
  readonly remoteMessage: string;

  constructor(remoteClass: string, remoteModule: string, remoteMessage: string) {
    super(`the service answered with ${remoteClass}: ${remoteMessage}`);
    this.remoteClass = remoteClass;
    this.remoteModule = remoteModule;
    this.remoteMessage = remoteMessage;
  }
}
