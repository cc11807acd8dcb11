import type { LookupFunction } from "node:net";
import type { BackendPolicy } from "./backend-policy.ts";
import { BackendForbiddenError } from "./errors.ts";

/**
 * Makes a `lookup` for `net.connect` that answers with allowed addresses only: the addresses that are
 * judged are those that are dialled, and the name is not asked again in between.
 *
 * It also sees spellings that only the resolver takes for an address: `0x7f000001`, `127.1`, `2130706433`.
 *
 * @param lookup - finds the addresses of a name
 */
export function judgedLookup(policy: BackendPolicy, lookup: LookupFunction): LookupFunction {
  return (name, options, callback) => {
    lookup(name, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      if (typeof found === "string") throw new TypeError("a lookup with `all` gives a list");
      const allowed = found.filter(({ address }) => policy.addressProblem(address) === null);
      const [first] = allowed;
      if (first === undefined) {
        const problems = found.map(({ address }) => policy.addressProblem(address) ?? "");
        callback(new BackendForbiddenError(`${name}: ${problems.join("; ")}`), []);
      } else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
