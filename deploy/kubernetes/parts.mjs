// The parts of the manifests that generate.mjs fills in, as text: people read and review the results.

const drain = 10; // DRAIN_SECONDS
const noticing = 5; // s until every balancer knows that a pod ends: it accepts connections for as long
// Beside both, 10 s for what a program does after its drain: its last records and commits reach their servers.
const grace = noticing + drain + 10;
const partitions = 12; // AIRI_PARTITIONS: a further copy of a worker would have none
// Replies in progress count as lag, and one process generates AI_WORKER_CONCURRENCY (1000) of them: a copy is added
// when those that run are half full.
const lag = 500;

// MiB; docs/kubernetes.md has the figures that these follow from.
const memory = {
    gateway: [128, 1024],
    moderation: [128, 256],
    chat: [64, 512],
    files: [64, 1024],
    gaming: [256, 8192],
    job: [32, 256],
    other: [64, 256],
};

const labels = (name) => `{app.kubernetes.io/name: ${name}, app.kubernetes.io/part-of: airi}`;
const quoted = (value) => (/^[A-Za-z/][\w./-]*$/.test(value) ? value : JSON.stringify(value));
const indented = (text, by) => text.replaceAll(/^(?=.)/gm, ' '.repeat(by));

const environment = (settings) =>
    settings
        .map(({ name, value, key, from, optional }) => {
            if (!from) return `- {name: ${name}, value: ${quoted(value)}}\n`;
            const reference = `{name: airi, key: ${key}${optional ? ', optional: true' : ''}}`;
            return `- name: ${name}\n  valueFrom: {${from}KeyRef: ${reference}}\n`;
        })
        .join('');

const resources = (name, processor) => {
    const [requested, limit] = memory[name] ?? memory.other;
    return `resources:
  requests: {cpu: ${processor}, memory: ${requested}Mi}
  limits: {memory: ${limit}Mi}
`;
};

// A container of airi: its user has no rights, and it writes to its mounts only.
function container({ name, command, settings, volumes, processor, kind = name, more = '' }) {
    const mounts = [{ volume: 'tmp', at: '/tmp' }, ...volumes].map(
        ({ volume, at }) => `- {name: ${volume}, mountPath: ${at}}\n`,
    );
    return `- name: ${name}
  image: airi
  command: [${command.map(quoted).join(', ')}]
  env:
${indented(environment(settings), 4)}${indented(more, 2)}${indented(resources(kind, processor), 2)}  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
  volumeMounts:
${indented(mounts.join(''), 4)}`;
}

function podSpec(text, volumes, more) {
    const all = ['tmp', ...volumes.map(({ volume }) => volume)].map((volume) => `- {name: ${volume}, emptyDir: {}}\n`);
    return `${more}automountServiceAccountToken: false
# A Service named redis would otherwise set REDIS_PORT.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
containers:
${indented(text, 2)}volumes:
${indented(all.join(''), 2)}`;
}

// The gateway serves its probes to clients too. A worker's are on the loopback interface, where the kubelet is not.
const probe = (name, path) =>
    name === 'gateway'
        ? `httpGet: {path: ${path}, port: http}`
        : `exec: {command: [curl, -fsS, -o, /dev/null, "http://127.0.0.1:9100${path}"]}`;
const probes = (name) => `startupProbe:
  ${probe(name, '/healthz')}
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  ${probe(name, '/healthz')}
  periodSeconds: 10
  timeoutSeconds: 3
readinessProbe:
  ${probe(name, '/readyz')}
  periodSeconds: 5
  timeoutSeconds: 3
`;

// `command` takes the place of the image's entrypoint, which names a copy after its host: Kafka would keep the
// partitions of a pod that is gone for KAFKA_SESSION_TIMEOUT, because the next pod has another name.
export function deployment({ name, command, settings, volumes, scaled = true }) {
    const ports = name === 'gateway' ? 'ports: [{name: http, containerPort: 3001}]\n' : '';
    const stop = name === 'gateway' ? `lifecycle: {preStop: {exec: {command: [sleep, "${noticing}"]}}}\n` : '';
    const processor = name === 'gateway' ? '500m' : '100m';
    const more = ports + probes(name) + stop;
    const spread = `topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {app.kubernetes.io/name: ${name}}}
`;
    const spec = podSpec(
        container({ name, command, settings, volumes, processor, more }),
        volumes,
        `terminationGracePeriodSeconds: ${grace}\n${spread}`,
    );
    return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, labels: ${labels(name)}}
spec:
${scaled ? '' : '  replicas: 1\n'}  selector: {matchLabels: {app.kubernetes.io/name: ${name}}}
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  template:
    metadata: {labels: ${labels(name)}}
    spec:
${indented(spec, 6)}`;
}

export function job({ name, command, settings }) {
    const text = container({ name, command, settings, volumes: [], processor: '100m', kind: 'job' });
    return `apiVersion: batch/v1
kind: Job
metadata: {name: ${name}, labels: {app.kubernetes.io/component: setup, app.kubernetes.io/part-of: airi}}
spec:
  backoffLimit: 10
  ttlSecondsAfterFinished: 3600
  template:
    metadata: {labels: ${labels(name)}}
    spec:
${indented(podSpec(text, [], 'restartPolicy: OnFailure\n'), 6)}`;
}

export const service = () => `apiVersion: v1
kind: Service
metadata: {name: gateway, labels: ${labels('gateway')}}
spec:
  selector: {app.kubernetes.io/name: gateway}
  ports: [{name: http, port: 3001, targetPort: http}]
`;

export const gatewayScaling = () => `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: gateway, labels: ${labels('gateway')}}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: gateway}
  minReplicas: 2
  maxReplicas: 10
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
`;

export const disruptionBudget = (name) => `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: ${name}, labels: ${labels(name)}}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app.kubernetes.io/name: ${name}}}
`;

// Without a topic KEDA counts the lag of every topic of the group, retries included.
export const lagScaling = (name, group) => `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: ${name}, labels: ${labels(name)}}
spec:
  scaleTargetRef: {name: ${name}}
  minReplicaCount: 1
  maxReplicaCount: ${partitions}
  triggers:
    - type: kafka
      metadata: {bootstrapServersFromEnv: KAFKA_BROKERS, consumerGroup: ${group}, lagThreshold: "${lag}"}
      authenticationRef: {name: kafka}
`;

// `presets`: the values of the settings that an installation need not name.
export const kustomization = (files, presets) => `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
${['kafka.yaml', 'network.yaml', ...files].map((name) => `  - ${name}\n`).join('')}configMapGenerator:
  - name: airi
    options: {labels: {app.kubernetes.io/component: setup}}
    literals:
${Object.entries(presets)
    .map(([name, value]) => `      - ${name}=${value}\n`)
    .join('')}`;
