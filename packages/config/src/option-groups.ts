import { cacheGroup } from "./options/cache.ts";
import { consoleProxyGroup } from "./options/console-proxy.ts";
import { consoleGroup } from "./options/console.ts";
import { consoleauthGroup } from "./options/consoleauth.ts";
import { apiDatabaseGroup, databaseGroup } from "./options/database.ts";
import { defaultGroup } from "./options/default.ts";
import { keystoneAuthtokenGroup, serviceUserGroup } from "./options/keystone.ts";
import { osloMessagingRabbitGroup } from "./options/oslo-messaging-rabbit.ts";
import { upgradeLevelsGroup } from "./options/upgrade-levels.ts";
import { vncGroup } from "./options/vnc.ts";
import type { OptionGroups, ValuesOf } from "./option.ts";

/** Every option that the console programs read. */
export const optionGroups = {
  DEFAULT: defaultGroup,
  vnc: vncGroup,
  console: consoleGroup,
  consoleauth: consoleauthGroup,
  database: databaseGroup,
  service_user: serviceUserGroup,
  keystone_authtoken: keystoneAuthtokenGroup,
  api_database: apiDatabaseGroup,
  oslo_messaging_rabbit: osloMessagingRabbitGroup,
  upgrade_levels: upgradeLevelsGroup,
  cache: cacheGroup,
  console_proxy: consoleProxyGroup,
} satisfies OptionGroups;

/** Effective values by group and option, deeply frozen. */
export type ConfigOf<G extends OptionGroups> = { readonly [Name in keyof G]: ValuesOf<G[Name]> };

/** Effective values of {@link optionGroups}. */
export type Config = ConfigOf<typeof optionGroups>;
