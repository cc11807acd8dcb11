import type { Config } from "@nova-console/config";
import { RpcSettingError } from "./errors.ts";
import { parseTransportUrl, type TransportUrl } from "./transport-url.ts";

/** Who is told when brokers come and go. */
export interface RpcLog {
  info(message: string, fields?: Readonly<Record<string, string | number>>): void;
  warn(message: string, fields?: Readonly<Record<string, string | number>>): void;
}

/** Files of TLS, read at each connection so that renewed ones are taken. */
export interface BrokerTls {
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** Whether the certificate has to be made out to the host, beside being signed by `caFile`. */
  readonly verifyHostName: boolean;
}

/** How the brokers are spoken to. Whatever declares the same queue or exchange has to agree. */
export interface RpcConnectionOptions {
  readonly transportUrl: TransportUrl;
  /** `[DEFAULT] control_exchange`. */
  readonly exchange: string;
  /** Null: not encrypted. */
  readonly tls: BrokerTls | null;
  readonly loginMethod: "PLAIN" | "AMQPLAIN" | "EXTERNAL";
  /** A broker that sends nothing for so long counts as gone; 0: it never does. */
  readonly heartbeatSeconds: number;
  /** Exchange and service queues outlive a restart of the broker. */
  readonly durableQueues: boolean;
  readonly autoDeleteQueues: boolean;
  /** Queues are mirrored by argument, as RabbitMQ 2 wanted it. */
  readonly mirroredQueues: boolean;
  readonly quorumQueues: boolean;
  /** Reply and fanout queues are quorum queues too. */
  readonly transientQuorumQueues: boolean;
  /** How long a reply or fanout queue that nobody reads stays. */
  readonly transientQueueTtlSeconds: number;
  /** Longest that one broker may take until it is ready to be used. */
  readonly connectTimeoutMs: number;
  /** Shown by `rabbitmqctl list_connections`. */
  readonly connectionName: string;
  readonly log?: RpcLog;
}

const CONNECT_TIMEOUT_MS = 5_000;
const TRUE_WORDS = ["true", "1", "on", "yes"];

/**
 * Takes the brokers' settings from nova.conf. What the query of `transport_url` says wins over
 * `[oslo_messaging_rabbit]`, as with oslo.messaging.
 *
 * @returns null if no `transport_url` is set
 * @throws {@link RpcSettingError} if it cannot be used
 */
export function rpcConnectionOptionsFrom(
  config: Config,
  { connectionName, log }: { readonly connectionName: string; readonly log?: RpcLog },
): RpcConnectionOptions | null {
  const { transport_url: url, control_exchange: exchange } = config.DEFAULT;
  if (url === null || url === "") return null;
  const transportUrl = parseTransportUrl(url);
  const rabbit = config.oslo_messaging_rabbit;
  const { query } = transportUrl;
  const flag = (name: string, value: boolean): boolean => {
    const text = query.get(name);
    return text === undefined ? value : TRUE_WORDS.includes(text.toLowerCase());
  };
  const file = (name: string, value: string | null): string | null =>
    (query.get(name) ?? value) || null;
  const number = (name: string, value: number): number => {
    const text = query.get(name);
    if (text !== undefined && !/^\d{1,9}$/.test(text)) {
      throw new RpcSettingError(`[DEFAULT] transport_url has a ${name} that is no whole number`);
    }
    return text === undefined ? value : Number(text);
  };
  const quorumQueues = flag("rabbit_quorum_queue", rabbit.rabbit_quorum_queue);
  const mirroredQueues = flag("rabbit_ha_queues", rabbit.rabbit_ha_queues);
  if (quorumQueues && mirroredQueues) {
    throw new RpcSettingError(
      "[oslo_messaging_rabbit] rabbit_quorum_queue and rabbit_ha_queues are both set, only one of them can be",
    );
  }
  const tls: BrokerTls = {
    caFile: file("ssl_ca_file", rabbit.ssl_ca_file),
    certFile: file("ssl_cert_file", rabbit.ssl_cert_file),
    keyFile: file("ssl_key_file", rabbit.ssl_key_file),
    verifyHostName: flag(
      "ssl_enforce_hostname_verification",
      rabbit.ssl_enforce_hostname_verification,
    ),
  };
  const isEncrypted = flag("ssl", rabbit.ssl);
  if (isEncrypted && tls.caFile !== null && !tls.verifyHostName) {
    log?.warn(
      "[oslo_messaging_rabbit] ssl_enforce_hostname_verification is false: a broker's certificate may be for any host",
    );
  }
  return {
    transportUrl,
    exchange,
    tls: isEncrypted ? tls : null,
    loginMethod: rabbit.rabbit_login_method,
    heartbeatSeconds: number("heartbeat_timeout_threshold", rabbit.heartbeat_timeout_threshold),
    // A quorum queue is always durable, and so is, to oslo.messaging, the exchange before it.
    durableQueues: quorumQueues || flag("amqp_durable_queues", rabbit.amqp_durable_queues),
    autoDeleteQueues: flag("amqp_auto_delete", rabbit.amqp_auto_delete),
    mirroredQueues,
    quorumQueues,
    transientQuorumQueues: flag(
      "rabbit_transient_quorum_queue",
      rabbit.rabbit_transient_quorum_queue,
    ),
    transientQueueTtlSeconds: number(
      "rabbit_transient_queues_ttl",
      rabbit.rabbit_transient_queues_ttl,
    ),
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    connectionName,
    ...(log === undefined ? {} : { log }),
  };
}
