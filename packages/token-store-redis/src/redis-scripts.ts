import { hash } from "node:crypto";

/** What all keys begin with. The braces put them into one slot of a Cluster, where a script may use them all. */
const PREFIX = "{nova-console}:";

/** KEYS of every script: digests by age, digests by their end, the number of the last one. */
export const SCRIPT_KEYS = [`${PREFIX}tokens`, `${PREFIX}expiries`, `${PREFIX}sequence`] as const;

/** The sorted set of all digests, the oldest first. */
export const TOKENS_KEY = SCRIPT_KEYS[0];

/** A script that the server keeps, and its name there. */
export interface Script {
  readonly lua: string;
  readonly sha1: string;
}

/*
 * An index (of an instance, of an endpoint) is a sorted set of digests by their end, which itself ends
 * with its last member. It may name records that are gone; none that is there is missing.
 * A host may hold spaces (unix:/a b), a port and a path may not: their join is read from its end.
 * A key of a wrong type counts as an empty record, so that it can be removed.
 * Now is the server's time, in whole seconds: it ends the keys, and one clock does not differ from itself.
 */
const COMMON = `
local now = tonumber(redis.call('TIME')[1])
local function keyOf(kind, name) return '${PREFIX}' .. kind .. ':' .. name end
local function endpointOf(host, port, path)
  return keyOf('endpoint', host .. ' ' .. port .. ' ' .. (path or ''))
end
local function fieldsOf(digest, ...)
  local reply = redis.pcall('HMGET', keyOf('token', digest), ...)
  if reply.err then return {} end
  return reply
end
local function isLive(digest)
  return (tonumber(fieldsOf(digest, 'expires')[1] or '') or 0) > now
end
local function drop(digest)
  local uuid, host, port, path = unpack(fieldsOf(digest, 'instance_uuid', 'host', 'port', 'internal_access_path'))
  redis.call('DEL', keyOf('token', digest))
  redis.call('ZREM', KEYS[1], digest)
  redis.call('ZREM', KEYS[2], digest)
  if uuid then redis.call('ZREM', keyOf('instance', uuid), digest) end
  if host and port then redis.call('ZREM', endpointOf(host, port, path), digest) end
end
local function dropOthersAt(endpoint, uuid)
  for _, digest in ipairs(redis.call('ZRANGE', endpoint, 0, -1)) do
    if fieldsOf(digest, 'instance_uuid')[1] ~= uuid then
      drop(digest)
      redis.call('ZREM', endpoint, digest)
    end
  end
end
local function index(key, digest, expires)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  redis.call('ZADD', key, expires, digest)
  redis.call('EXPIREAT', key, redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2])
end
local function purge(limit)
  local digests = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, limit)
  for _, digest in ipairs(digests) do drop(digest) end
  return #digests
end
`;

/**
 * ARGV: digest, TTL in seconds, instance_uuid, host, port, internal_access_path or "", console_type, access_url_base.
 * Answers when it ends.
 */
export const AUTHORIZE = script(`
local digest, ttl, uuid, host, port, path, consoleType, base = unpack(ARGV)
if path == '' then path = false end
local expires = now + tonumber(ttl)
purge(100)
dropOthersAt(endpointOf(host, port, path), uuid)
local key = keyOf('token', digest)
redis.call('HSET', key, 'console_type', consoleType, 'host', host, 'port', port, 'instance_uuid', uuid,
  'expires', expires, 'access_url_base', base)
if path then redis.call('HSET', key, 'internal_access_path', path) end
redis.call('EXPIREAT', key, expires)
redis.call('ZADD', KEYS[1], redis.call('INCR', KEYS[3]), digest)
redis.call('ZADD', KEYS[2], expires, digest)
index(keyOf('instance', uuid), digest, expires)
index(endpointOf(host, port, path), digest, expires)
return expires
`);

/** ARGV: digest, then fields. Answers those of the record; nulls if there is none, or it has expired. */
export const READ = script(`
local values = redis.call('HMGET', keyOf('token', ARGV[1]), 'expires', unpack(ARGV, 2))
local expires = tonumber(table.remove(values, 1) or '')
if expires and expires <= now then
  for position = 1, #values do values[position] = false end
end
return values
`);

/** ARGV: instance_uuid. Answers how many were live. */
export const REVOKE_INSTANCE = script(`
local uuid = ARGV[1]
local live = 0
for _, digest in ipairs(redis.call('ZRANGE', keyOf('instance', uuid), 0, -1)) do
  if isLive(digest) then live = live + 1 end
  drop(digest)
end
redis.call('DEL', keyOf('instance', uuid))
return live
`);

/** ARGV: digest. Answers 1 if it was live. */
export const REVOKE_TOKEN = script(`
local digest = ARGV[1]
local live = isLive(digest)
drop(digest)
return live and 1 or 0
`);

/** ARGV: limit. Answers how many were removed. */
export const PURGE = script("return purge(ARGV[1])");

/** ARGV: instance_uuid, host, port. Answers how many were moved. */
export const MOVE = script(`
local uuid, host, port = unpack(ARGV)
dropOthersAt(endpointOf(host, port, false), uuid)
local moved = 0
for _, digest in ipairs(redis.call('ZRANGE', keyOf('instance', uuid), 0, -1)) do
  if isLive(digest) then
    local was, at, path, expires = unpack(fieldsOf(digest, 'host', 'port', 'internal_access_path', 'expires'))
    if was and at then redis.call('ZREM', endpointOf(was, at, path), digest) end
    dropOthersAt(endpointOf(host, port, path), uuid)
    redis.call('HSET', keyOf('token', digest), 'host', host, 'port', port)
    index(endpointOf(host, port, path), digest, expires)
    moved = moved + 1
  end
end
return moved
`);

function script(body: string): Script {
  const lua = COMMON + body;
  return { lua, sha1: hash("sha1", lua, "hex") };
}
