/**
 * Console tokens in Redis or Valkey: one server, Sentinel or Cluster.
 *
 * @packageDocumentation
 */
export { openRedisTokenStore, type RedisTokenStoreOptions } from "./redis-token-store.ts";
