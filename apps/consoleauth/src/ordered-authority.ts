import type { TokenAuthority } from "@nova-console/token";
import type { Revocations } from "./revocations.ts";

/** The same store, in which what changes an instance's tokens comes after its earlier revocations. */
export function orderedAuthority(store: TokenAuthority, revocations: Revocations): TokenAuthority {
  return {
    place: store.place,
    validate: (token) => store.validate(token),
    authorize: (request) =>
      revocations.runAfter(request.instanceUuid, () => store.authorize(request)),
    revokeInstance: (uuid) => revocations.runAfter(uuid, () => store.revokeInstance(uuid)),
    revokeToken: (token) => store.revokeToken(token),
    list: () => store.list(),
    liveDigests: (limit) => store.liveDigests(limit),
    purge: () => store.purge(),
    move: (uuid, host, port) => revocations.runAfter(uuid, () => store.move(uuid, host, port)),
    close: () => store.close(),
  };
}
