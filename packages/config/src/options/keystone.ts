import { option } from "../option.ts";
import { boolean, path, string } from "../text-types.ts";
import { olderKeystoneDomain, olderKeystoneUrl, olderName } from "./older-keystone-options.ts";

/**
 * How a service logs in to Keystone: the options of keystoneauth that are read here.
 *
 * None is checked beyond its type: these groups stand in every nova.conf, and a program that does not
 * log in must start whatever they say.
 *
 * @param group - whose options they are, for their older names
 * @see keystoneauth1/loading/session.py, keystoneauth1/loading/_plugins/identity
 */
function keystoneOptions(group: "service_user" | "keystone_authtoken") {
  const isMiddleware = group === "keystone_authtoken";
  const older = (name: string, untilOcata?: string) => ({
    deprecated: [
      { group, name },
      ...(isMiddleware && untilOcata !== undefined ? [olderName(untilOcata)] : []),
    ],
  });
  return {
    auth_url: option(string({ allowed: "a URL", placeholder: "URL" }), {
      default: null,
      ...(isMiddleware ? { replaces: olderKeystoneUrl } : {}),
      help: `Address of Keystone, with or without /v3. Read with token_store = nova_api.`,
    }),
    auth_type: option(string(), {
      default: null,
      ...older("auth_plugin"),
      help: `How to log in: password, v3password or v3applicationcredential. Not set: the last with application_credential_id or application_credential_name, else password.`,
    }),
    username: option(string(), {
      default: null,
      ...older("user_name", "admin_user"),
      help: `Name of the user to log in as.`,
    }),
    user_id: option(string(), { default: null, help: `Id of that user, instead of its name.` }),
    user_domain_name: option(string(), { default: null, help: `Domain of the user, by name.` }),
    user_domain_id: option(string(), { default: null, help: `Domain of the user, by id.` }),
    password: option(string(), {
      default: null,
      secret: true,
      deprecated: isMiddleware ? [olderName("admin_password")] : [],
      help: `Password of the user.`,
    }),
    project_name: option(string(), {
      default: null,
      ...older("tenant_name", "admin_tenant_name"),
      help: `Project that the user has its role in, by name.`,
    }),
    project_id: option(string(), {
      default: null,
      ...older("tenant_id"),
      help: `That project, by id.`,
    }),
    project_domain_name: option(string(), {
      default: null,
      help: `Domain of the project, by name.`,
    }),
    project_domain_id: option(string(), { default: null, help: `Domain of the project, by id.` }),
    default_domain_name: option(string(), {
      default: null,
      help: `Domain of user and project where theirs is not set, by name.`,
    }),
    default_domain_id: option(string(), {
      default: null,
      ...(isMiddleware ? { replaces: olderKeystoneDomain } : {}),
      help: `Domain of user and project where theirs is not set, by id.`,
    }),
    application_credential_id: option(string(), {
      default: null,
      help: `Id of the application credential to log in with.`,
    }),
    application_credential_name: option(string(), {
      default: null,
      help: `Its name, instead of its id; the user is needed then.`,
    }),
    application_credential_secret: option(string(), {
      default: null,
      secret: true,
      help: `Secret of the application credential.`,
    }),
    region_name: option(string(), {
      default: null,
      help: `Region whose nova is asked. Not set: the first in the service catalogue.`,
    }),
    cafile: option(path(), {
      default: null,
      help: `File of the authorities that the certificates of Keystone and of nova's API must be signed by (PEM). Not set: those that Node.js knows.`,
    }),
    certfile: option(path(), {
      default: null,
      help: `File of the certificate to show to both (PEM).`,
    }),
    keyfile: option(path(), { default: null, help: `File of its private key (PEM).` }),
    insecure: option(boolean(), {
      default: false,
      help: `Whether their certificates are not verified: whoever is in between reads the password.`,
    }),
  };
}

/** The `[service_user]` group; its region_name is ours. */
export const serviceUserGroup = keystoneOptions("service_user");

/** The `[keystone_authtoken]` group, read where `[service_user]` has no auth_url. */
export const keystoneAuthtokenGroup = keystoneOptions("keystone_authtoken");
