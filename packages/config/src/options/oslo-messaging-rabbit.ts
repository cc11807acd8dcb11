import { integer } from "../number-types.ts";
import { option } from "../option.ts";
import { boolean, choice, path } from "../text-types.ts";

/** `[oslo_messaging_rabbit]`: those that the console programs use; see oslo_messaging/_drivers/impl_rabbit.py. */
export const osloMessagingRabbitGroup = {
  ssl: option(boolean(), {
    default: false,
    deprecated: [
      { group: "oslo_messaging_rabbit", name: "rabbit_use_ssl" },
      { group: "DEFAULT", name: "rabbit_use_ssl" },
    ],
    help: `Speak TLS to the message brokers.`,
  }),
  ssl_ca_file: option(path(), {
    default: null,
    deprecated: [
      { group: "oslo_messaging_rabbit", name: "kombu_ssl_ca_certs" },
      { group: "DEFAULT", name: "kombu_ssl_ca_certs" },
    ],
    help: `File of the authorities that the brokers' certificates must be signed by (PEM). Not set or empty: any certificate will do, as with oslo.messaging.`,
  }),
  ssl_cert_file: option(path(), {
    default: null,
    deprecated: [
      { group: "oslo_messaging_rabbit", name: "kombu_ssl_certfile" },
      { group: "DEFAULT", name: "kombu_ssl_certfile" },
    ],
    help: `File of the certificate that is shown to the brokers (PEM).`,
  }),
  ssl_key_file: option(path(), {
    default: null,
    deprecated: [
      { group: "oslo_messaging_rabbit", name: "kombu_ssl_keyfile" },
      { group: "DEFAULT", name: "kombu_ssl_keyfile" },
    ],
    help: `File of the private key of ssl_cert_file (PEM).`,
  }),
  ssl_enforce_hostname_verification: option(boolean(), {
    default: true,
    help: `With ssl_ca_file, also require that a broker's certificate names the host of transport_url, as oslo.messaging does from 18.1 on. false is obeyed, with a warning: any host with a certificate of these authorities can then pass for the broker.`,
  }),
  rabbit_login_method: option(choice(["PLAIN", "AMQPLAIN", "EXTERNAL"]), {
    default: "AMQPLAIN",
    deprecated: [{ group: "DEFAULT", name: "rabbit_login_method" }],
    help: `How the user of transport_url is shown to the brokers.`,
  }),
  heartbeat_timeout_threshold: option(integer({ min: 0, max: 65_535 }), {
    default: 60,
    help: `Seconds after which a broker that sends nothing is taken for gone; heartbeats are a third of it apart. 0: none.`,
  }),
  amqp_durable_queues: option(boolean(), {
    default: false,
    deprecated: [
      { group: "DEFAULT", name: "amqp_durable_queues" },
      { group: "DEFAULT", name: "rabbit_durable_queues" },
    ],
    help: `Exchange and queues outlive a restart of the broker. The same in every service of the cloud. Queues of requests do in any case at a broker that forbids others (RabbitMQ 4.3).`,
  }),
  amqp_auto_delete: option(boolean(), {
    default: false,
    deprecated: [{ group: "DEFAULT", name: "amqp_auto_delete" }],
    help: `Exchange and queues go when nobody uses them. The same in every service of the cloud.`,
  }),
  rabbit_ha_queues: option(boolean(), {
    default: false,
    deprecated: [{ group: "DEFAULT", name: "rabbit_ha_queues" }],
    help: `Declare queues as mirrored by argument (x-ha-policy). The same in every service of the cloud.`,
  }),
  rabbit_quorum_queue: option(boolean(), {
    default: false,
    help: `Queues of requests are quorum queues. The same in every service of the cloud.`,
  }),
  rabbit_transient_quorum_queue: option(boolean(), {
    default: false,
    help: `Queues of answers and of fanouts are quorum queues.`,
  }),
  rabbit_transient_queues_ttl: option(integer({ min: 0, max: 2_000_000 }), {
    default: 1800,
    help: `Seconds after which the broker removes a quorum queue of answers, or of fanouts, that nobody reads (rabbit_transient_quorum_queue); others go with their connection. 0: never, which needs a policy of the broker's that removes them.`,
  }),
};
