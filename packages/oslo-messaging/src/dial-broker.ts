import { readFileSync } from "node:fs";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { connect, credentials, type ChannelModel } from "amqplib";
import { lookupWithin } from "@nova-console/name-lookup";
import type { BrokerTls, RpcConnectionOptions } from "./connection-options.ts";
import { RpcSettingError } from "./errors.ts";
import type { TransportHost } from "./transport-url.ts";

/**
 * Opens one AMQP connection, which has its `error` listener from the tick it exists.
 *
 * @throws amqplib's or the socket's error
 */
export async function dialBroker(
  host: TransportHost,
  options: RpcConnectionOptions,
): Promise<ChannelModel> {
  const { tls, heartbeatSeconds, connectionName, connectTimeoutMs, transportUrl } = options;
  const { virtualHost } = transportUrl;
  const connection = await connect(
    {
      protocol: tls === null ? "amqp" : "amqps",
      hostname: host.hostname,
      port: host.port,
      vhost: encodeURIComponent(virtualHost),
      heartbeat: heartbeatInterval(heartbeatSeconds),
    },
    {
      credentials: credentialsFor(host, options),
      timeout: connectTimeoutMs,
      lookup: lookupWithin(connectTimeoutMs),
      noDelay: true,
      keepAlive: true,
      clientProperties: { connection_name: connectionName },
      ...(tls === null ? {} : tlsOptions(tls)),
    },
  ).catch((error: unknown) => {
    throw isVirtualHostRefused(error) ? virtualHostRefused(host, virtualHost, error) : error;
  });
  // What goes wrong is told by "close" as well; an error that nobody listens to would end the process.
  connection.on("error", () => undefined);
  return connection;
}

/** After a login that was accepted, the broker closes instead of opening the virtual host; amqplib drops its words. */
function isVirtualHostRefused(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.message.startsWith("Expected ConnectionOpenOk; got <ConnectionClose")
  );
}

function virtualHostRefused(
  { username }: TransportHost,
  virtualHost: string,
  cause: unknown,
): Error {
  return new Error(
    `the broker refuses virtual host '${virtualHost}' to user '${username}': the user has no permissions for it ` +
      "(rabbitmqctl set_permissions), it does not exist, or it has too many connections",
    { cause },
  );
}

/**
 * Of the time after which a silent broker counts as gone. amqplib notices its silence after two
 * intervals, at most three, and sends a heartbeat every half of one.
 */
function heartbeatInterval(thresholdSeconds: number): number {
  return thresholdSeconds === 0 ? 0 : Math.max(1, Math.floor(thresholdSeconds / 3));
}

function credentialsFor(
  { username, password }: TransportHost,
  { loginMethod }: RpcConnectionOptions,
): ReturnType<typeof credentials.external> {
  if (loginMethod === "EXTERNAL") return credentials.external();
  return loginMethod === "PLAIN"
    ? credentials.plain(username, password)
    : credentials.amqplain(username, password);
}

/** As oslo.messaging has it: without a CA file the traffic is encrypted, and the broker not verified. */
function tlsOptions({ caFile, certFile, keyFile, verifyHostName }: BrokerTls): object {
  return {
    rejectUnauthorized: caFile !== null,
    ...(caFile === null ? {} : { ca: read("ssl_ca_file", caFile) }),
    ...(certFile === null ? {} : { cert: read("ssl_cert_file", certFile) }),
    ...(keyFile === null ? {} : { key: read("ssl_key_file", keyFile) }),
    checkServerIdentity: verifyHostName ? checkBrokerName : () => undefined,
  };
}

/** Node's own check, in words that name what the certificate is for. */
function checkBrokerName(host: string, certificate: PeerCertificate): Error | undefined {
  const error = checkServerIdentity(host, certificate);
  if (error === undefined) return undefined;
  const names = certificate.subjectaltname ?? certificate.subject.CN;
  error.message = `the broker's certificate is for ${String(names)}, not for ${host}`;
  return error;
}

function read(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RpcSettingError(`[oslo_messaging_rabbit] ${option} cannot be read: ${reason}`, {
      cause: error,
    });
  }
}
