import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { TokenStoreSettingError } from "@nova-console/token";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { namedConnectors } from "./named-connectors.ts";
import type { RedisLocation } from "./redis-url.ts";

/** A lost connection is sought again at once, then in this rhythm: half a second after the server's return is late. */
const RETRY_MS = 200;
const FIRST_RETRY_MS = 20;
/** Longest that one attempt may take, so that a host that comes back is not waited for in an attempt begun before. */
const LONGEST_ATTEMPT_MS = 800;
/** Attempts of one command at a node of a Cluster that moves or is away, 100 ms apart. */
const CLUSTER_ATTEMPTS = 16;

/** A client of any of the three kinds. */
export type RedisClient = Redis | Cluster;

/**
 * Makes a client, which begins to connect.
 *
 * It never holds a command back while it has no connection, and never sends one twice.
 *
 * @param answerTimeoutMs - a server that is silent for so long is given up, and sought again
 * @param onNameFailure - gets what a connection failed for if that was a name; the client's errors do not always say it
 * @throws {@link TokenStoreSettingError} if the file of `?ca=` cannot be read
 */
export function createRedisClient(
  location: RedisLocation,
  answerTimeoutMs: number,
  onNameFailure: (error: Error) => void,
): RedisClient {
  const { ToServer, BySentinel } = namedConnectors(onNameFailure);
  const tls = tlsOptions(location);
  const attemptMs = Math.min(answerTimeoutMs, LONGEST_ATTEMPT_MS);
  const { username, password } = location.credentials;
  const common = {
    // The second form of the protocol: the handshake of the third answers an old server's error with the password in it.
    protocol: 2 as const,
    connectionName: "nova-console",
    disableClientInfo: true,
    connectTimeout: attemptMs,
    commandTimeout: answerTimeoutMs,
    // A host that vanished sends no reset: its connection would stand for minutes, and every check fail on it.
    socketTimeout: answerTimeoutMs,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(tls === null ? {} : { tls }),
  } satisfies RedisOptions;
  if (location.kind === "cluster") {
    return new Cluster([...location.nodes], {
      redisOptions: { ...common, Connector: ToServer },
      enableOfflineQueue: false,
      clusterRetryStrategy: retryDelay,
      maxRedirections: CLUSTER_ATTEMPTS,
      retryDelayOnFailover: 100,
      retryDelayOnClusterDown: 100,
      slotsRefreshTimeout: attemptMs,
      // Names are resolved where the connection is made: a certificate is for the name.
      dnsLookup: (address, callback) => {
        callback(null, address);
      },
    });
  }
  const single = {
    ...common,
    db: location.database,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: retryDelay,
    // A master that became a replica: the Sentinels know the new one.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  } satisfies RedisOptions;
  if (location.kind === "single") {
    return new Redis({ ...single, ...location.nodes[0], Connector: ToServer });
  }
  const { username: sentinelUsername, password: sentinelPassword } = location.sentinelCredentials;
  return new Redis({
    ...single,
    Connector: BySentinel,
    sentinels: [...location.nodes],
    name: location.master,
    role: "master",
    sentinelRetryStrategy: retryDelay,
    sentinelCommandTimeout: attemptMs,
    failoverDetector: true,
    ...(sentinelUsername === null ? {} : { sentinelUsername }),
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
    ...(tls === null ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  });
}

function retryDelay(times: number): number {
  return times <= 1 ? FIRST_RETRY_MS : RETRY_MS;
}

function tlsOptions({ tls }: RedisLocation): ConnectionOptions | null {
  if (tls === null) return null;
  if (tls.caPath === null) return {};
  try {
    return { ca: readFileSync(tls.caPath) };
  } catch (error) {
    throw new TokenStoreSettingError(
      `[console_proxy] redis_url has a ca that cannot be read: ${error instanceof Error ? error.message : ""}`,
      { cause: error },
    );
  }
}
