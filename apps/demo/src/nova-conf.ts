/** What the demo's nova.conf is made of. */
export interface NovaConfValues {
  readonly stateDirectory: string;
  readonly host: string;
  readonly novncPort: number;
  readonly xvpPort: number;
}

/** Writes the nova.conf that all programs of the demo share: loopback only, tokens in SQLite. */
export function writeNovaConf(values: NovaConfValues): string {
  const { stateDirectory, host, novncPort, xvpPort } = values;
  // A "$" begins the name of another option.
  return `# Written by nova-console-demo for as long as it runs.
[DEFAULT]
state_path = ${stateDirectory.replaceAll("$", "$$$$")}

[vnc]
enabled = true
novncproxy_host = ${host}
novncproxy_port = ${novncPort}
novncproxy_base_url = http://${host}:${novncPort}/vnc_auto.html
xvpvncproxy_host = ${host}
xvpvncproxy_port = ${xvpPort}
xvpvncproxy_base_url = http://${host}:${xvpPort}/console

[console_proxy]
# For one person, one process.
workers = 1
# Who runs it says where the screen is: --backend unix:PATH, or a domain of --libvirt.
backend_socket_dirs = /
`;
}
