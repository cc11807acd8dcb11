import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { before, describe, it } from "node:test";
import { parseAllDocuments } from "yaml";
import { runProgram } from "./support/programs.ts";
import { TempDir } from "./support/temp-dir.ts";

const FOLDER = path.resolve(import.meta.dirname, "../../examples/kubernetes");

/** What of Kubernetes' objects is looked at here. */
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly resources?: readonly string[];
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly selector: { readonly matchLabels: Labels } & Labels;
    readonly podSelector: { readonly matchLabels: Labels };
    readonly ports: readonly { readonly targetPort: string }[];
    readonly ingress: readonly { readonly ports: readonly { readonly port: string }[] }[];
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  };
}
type Labels = Readonly<Record<string, unknown>>;
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [
    {
      readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
      readonly startupProbe: Probe;
      readonly readinessProbe: Probe;
      readonly livenessProbe: Probe;
      readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: string[] } } };
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    },
  ];
  readonly volumes: readonly {
    readonly name: string;
    readonly projected?: { readonly sources: readonly Source[] };
  }[];
}
interface Source {
  readonly configMap?: FileSource;
  readonly secret?: FileSource;
}
interface FileSource {
  readonly name: string;
  readonly items: readonly { readonly key: string; readonly path: string }[];
}

/** Versions that Kubernetes 1.21 and later serve. */
const apiVersions: Readonly<Record<string, string>> = {
  ConfigMap: "v1",
  Secret: "v1",
  Service: "v1",
  Deployment: "apps/v1",
  PodDisruptionBudget: "policy/v1",
  NetworkPolicy: "networking.k8s.io/v1",
  Kustomization: "kustomize.config.k8s.io/v1beta1",
};

describe("examples/kubernetes", () => {
  const manifests: Manifest[] = [];
  const files: string[] = [];

  before(async () => {
    files.push(...(await readdir(FOLDER)).filter((name) => name.endsWith(".yaml")));
    for (const file of files) {
      const documents = parseAllDocuments(await readFile(path.join(FOLDER, file), "utf8"));
      assert.ok(Array.isArray(documents));
      for (const document of documents) {
        assert.deepEqual([...document.errors, ...document.warnings], [], file);
        manifests.push(document.toJS() as Manifest);
      }
    }
  });

  function the(kind: string): Manifest {
    const [found, ...more] = manifests.filter((manifest) => manifest.kind === kind);
    assert.ok(found !== undefined && more.length === 0, `one ${kind}`);
    return found;
  }

  const pod = (): PodSpec => the("Deployment").spec.template.spec;

  it("has objects of known kinds and versions only, each with a name", () => {
    for (const { kind, apiVersion, metadata } of manifests) {
      assert.equal(apiVersion, apiVersions[kind], kind);
      if (kind !== "Kustomization") assert.match(metadata.name, /^[a-z][a-z-]+$/);
    }
  });

  it("lists every file in its kustomization", () => {
    const listed = the("Kustomization").resources ?? [];
    assert.deepEqual([...listed, "kustomization.yaml"].sort(), files.sort());
  });

  it("selects its own pods, by service, budget and policy", () => {
    const { labels } = the("Deployment").spec.template.metadata;
    assert.deepEqual(the("Deployment").spec.selector.matchLabels, labels);
    assert.deepEqual(the("Service").spec.selector, labels);
    assert.deepEqual(the("PodDisruptionBudget").spec.selector.matchLabels, labels);
    assert.deepEqual(the("NetworkPolicy").spec.podSelector.matchLabels, labels);
  });

  it("names only ports that the container has", () => {
    const [{ ports, ...container }] = pod().containers;
    const names = new Set(ports.map(({ name }) => name));
    const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
    const named = [
      ...probes.map(({ httpGet }) => httpGet.port),
      ...the("Service").spec.ports.map(({ targetPort }) => targetPort),
      ...the("NetworkPolicy").spec.ingress.flatMap((rule) => rule.ports.map(({ port }) => port)),
    ];
    for (const port of named) assert.ok(names.has(port), port);
    assert.deepEqual(
      probes.map(({ httpGet }) => httpGet.path),
      ["/healthz", "/readyz", "/healthz"],
    );
  });

  it("gives consoles all of drain_timeout, and preStop its own time", () => {
    const conf = the("ConfigMap").data?.["nova.conf"] ?? "";
    const drainSeconds = Number(/^drain_timeout = (\d+)$/m.exec(conf)?.[1]);
    const [{ lifecycle }] = pod().containers;
    const preStopSeconds = Number(lifecycle.preStop.exec.command[1]);
    assert.ok(pod().terminationGracePeriodSeconds > drainSeconds + preStopSeconds);
  });

  it("mounts a configuration that nova-novncproxy accepts", async () => {
    await using directory = await TempDir.create();
    for (const { configMap, secret } of pod().volumes[0]?.projected?.sources ?? []) {
      const source = configMap ?? secret;
      const made = manifests.find(
        ({ kind, metadata }) =>
          kind === (configMap === undefined ? "Secret" : "ConfigMap") &&
          metadata.name === source?.name,
      );
      for (const { key, path: name } of source?.items ?? []) {
        const text = { ...made?.data, ...made?.stringData }[key];
        assert.notEqual(text, undefined, `${key} is in no object`);
        await mkdir(path.dirname(directory.file(name)), { recursive: true });
        await writeFile(directory.file(name), text ?? "");
      }
    }
    const { status, stdout, stderr } = await runProgram("nova-novncproxy", [
      ...["--config-file", directory.file("nova.conf")],
      ...["--config-dir", directory.file("nova.conf.d"), "--print-config"],
    ]);
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "");
    assert.match(stdout, /admin_listen = 0\.0\.0\.0:9180/);
    assert.match(stdout, /connection = mysql\+pymysql:\/\/nova:\*\*\*@/);
  });
});
