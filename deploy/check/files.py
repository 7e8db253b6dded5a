"""Reads every file under deploy/ and the Dockerfile, and says what does not fit together. Needs PyYAML; touches nothing.

What schemas cannot know: that a setting exists, that secrets reach the worker, that nothing is killed before it has
stopped, that liveness never asks a database, that a service that is referred to is there. Exit code 1 on a fault.
"""

import pathlib
import re
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
FAULTS = []
# The process ends within 30 s of SIGTERM; whatever stops it must wait longer than that.
STOPS_WITHIN = 35


def fault(where, text):
    FAULTS.append(f"{where}: {text}")


def need(where, holds, text):
    if not holds:
        fault(where, text)


def text(path):
    return (ROOT / path).read_text()


def settings():
    """Names of all settings that the program reads, and two that hosts set."""
    known = set()
    for file in (ROOT / "crates/answerbot/src/config").glob("*.rs"):
        known |= set(re.findall(r'"([A-Z][A-Z0-9_]{2,})"', file.read_text()))
    need("settings", {"PORT", "ENCRYPTION_KEY"} <= known, "cannot be read from crates/answerbot/src/config")
    return known


KNOWN = settings()


def is_setting(where, names):
    for name in names:
        if not re.fullmatch(r"REGION_[A-Z0-9_]+_URL", name):
            need(where, name in KNOWN, f"{name} is no setting of answerbot")


def is_command(where, words):
    """`answerbot COMMAND …` as the command line knows it."""
    cli = text("crates/answerbot/src/cli.rs")
    if words[:1] != ["answerbot"]:
        return fault(where, f"runs {words}, not answerbot")
    if len(words) > 1:
        need(where, re.search(rf"^    {words[1].title()}\b", cli, re.M), f"`answerbot {words[1]}` is no command yet")
    if "--role" in words:
        role = words[words.index("--role") + 1]
        need(where, re.search(rf"^    {role.title()}\b", cli, re.M), f"{role} is no role")


def env_file(path):
    lines = [line.strip().lstrip("#") for line in text(path).splitlines()]
    return {match.group(1) for line in lines if (match := re.match(r"([A-Z][A-Z0-9_]+)=", line))}


def seconds(value):
    return int(re.fullmatch(r"(\d+)s", value).group(1))


def dockerfile():
    where = "Dockerfile"
    whole = text(where)
    final = whole[whole.rindex("\nFROM ") :]
    need(where, re.search(r"^USER [1-9]\d*", final, re.M), "the last stage needs USER by number, not root")
    need(where, "\nSTOPSIGNAL SIGTERM" in final, "STOPSIGNAL SIGTERM is missing")
    for line in re.findall(r'^(?:CMD|HEALTHCHECK .*CMD) (\[.*\])$', final, re.M):
        is_command(where, yaml.safe_load(line))
    need(where, "HEALTHCHECK" in final, "HEALTHCHECK is missing")
    version = re.search(r'rust-version = "([\d.]+)"', text("Cargo.toml")).group(1)
    for used in re.findall(r"^FROM rust:([\d.]+)", whole, re.M):
        need(where, used == version, f"builds with Rust {used}; Cargo.toml says {version}")
    features = set(re.findall(r"^([a-z_-]+) = \[", text("crates/answerbot/Cargo.toml").split("[dependencies]")[0], re.M))
    for asked in set(re.findall(r"--features (\S+)", whole)):
        need(where, set(asked.split(",")) <= features, f"crates/answerbot has no feature {asked} yet")
    ignored = text(".dockerignore").splitlines()
    need(".dockerignore", ignored and "*" in ignored and "**/*.env" in ignored, "must shut everything out but what is named")


def compose():
    where = "compose.yaml"
    file = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())
    services = file["services"]
    for name in ("web1", "web2", "worker", "migrate", "haproxy", "mongo", "redis", "nats"):
        need(where, name in services, f"{name} is missing")
    need(where, file["networks"]["inside"].get("internal") is True, "the network `inside` must be internal")
    for name, service in services.items():
        for port in service.get("ports", []):
            need(where, str(port).startswith("127.0.0.1:"), f"{name} publishes {port}; only loopback may be published")
        if name in ("mongo", "redis", "nats"):
            need(where, service["networks"] == ["inside"], f"{name} must be in `inside` only")
            need(where, re.search(r":\d+\.\d+", service["image"]), f"{name} needs an image with a version")
        if service["image"].startswith("answerbot"):
            is_command(f"{where}: {name}", service["command"])
            is_setting(f"{where}: {name}", service["environment"])
            need(where, seconds(service["stop_grace_period"]) >= STOPS_WITHIN, f"{name} is killed before it has stopped")
            need(where, service["read_only"] and service["cap_drop"] == ["ALL"], f"{name} may do too much")
            need(where, service["env_file"], f"{name} gets no secrets")
            need(where, "ENCRYPTION_KEY" not in service["environment"], f"{name}: secrets belong into the env file")
        for on in service.get("depends_on", {}):
            need(where, on in services, f"{name} waits for {on}, which is not there")
    is_setting("answerbot.env.example", env_file("deploy/compose/answerbot.env.example"))
    redis = services["redis"]["command"]
    need(where, "allkeys-lru" in redis and "--maxmemory" in redis, "redis needs a bound and allkeys-lru")


# From Render's reference of Blueprints, 2026.
OF_ALL = {"type", "name", "region", "plan"}
OF_BUILT = OF_ALL | {
    "runtime", "dockerfilePath", "dockerContext", "dockerCommand", "preDeployCommand", "autoDeployTrigger", "envVars",
    "maxShutdownDelaySeconds", "scaling", "numInstances", "disk", "repo", "branch", "rootDir", "buildFilter", "previews",
}
FIELDS = {
    "web": OF_BUILT | {"healthCheckPath", "domains", "ipAllowList"},
    "worker": OF_BUILT,
    "pserv": OF_BUILT,
    "keyvalue": OF_ALL | {"maxmemoryPolicy", "ipAllowList", "previewPlan"},
}


def render(path):
    services = {service["name"]: service for service in yaml.safe_load(text(path))["services"]}
    need(path, len({service["region"] for service in services.values()}) == 1, "all services must be in one region")
    for name, service in services.items():
        where = f"{path}: {name}"
        kind = service["type"]
        need(where, kind in FIELDS, f"Render knows no type {kind}")
        for field in service.keys() - FIELDS.get(kind, set()):
            fault(where, f"{kind} has no field {field}")
        if kind == "keyvalue":
            need(where, service["ipAllowList"] == [], "must be closed to the outside")
            continue
        need(where, service["runtime"] == "docker" and (ROOT / service["dockerfilePath"]).is_file(), "has no Dockerfile")
        variables = {entry["key"]: entry for entry in service["envVars"]}
        if service["dockerfilePath"] == "./Dockerfile":
            is_setting(where, variables)
            is_command(where, service["dockerCommand"].split())
        if "preDeployCommand" in service:
            is_command(where, service["preDeployCommand"].split())
        if kind == "web":
            need(where, service["healthCheckPath"] == "/livez", "an outage of the store would restart the fleet")
        if "disk" in service:
            for field in ("scaling", "numInstances", "maxShutdownDelaySeconds", "preDeployCommand"):
                need(where, field not in service, f"{field} does not go with a disk")
        else:
            need(where, STOPS_WITHIN <= service.get("maxShutdownDelaySeconds", 30) <= 300, "is killed too early")
            scaling = service["scaling"]
            need(where, 1 <= scaling["minInstances"] <= scaling["maxInstances"], "scaling makes no sense")
            need(where, all(1 <= scaling[it] <= 90 for it in scaling if it.startswith("target")), "targets are 1 to 90")
        for key, entry in variables.items():
            need(where, len(entry) == 2, f"{key} needs exactly one source")
            source = entry.get("fromService")
            if source:
                other = services.get(source["name"], {})
                need(where, other.get("type") == source["type"], f"{key} comes from a service that is not there")
                if "envVarKey" in source:
                    there = {it["key"] for it in other.get("envVars", [])}
                    need(where, source["envVarKey"] in there, f"{key}: {source['name']} has no {source['envVarKey']}")
                else:
                    properties = {"keyvalue": "connectionString"}.get(source["type"], "host")
                    need(where, source["property"] == properties, f"{key}: take the property {properties}")
    kinds = {service["type"]: {it["key"] for it in service.get("envVars", [])} for service in services.values()}
    if "worker" in kinds:
        # Only whose proxy to believe is the web's alone.
        missing = kinds["web"] - kinds["worker"] - {"TRUST_PROXY"}
        need(path, not missing, f"the worker lacks {sorted(missing)}")


def built(folder):
    """What kustomize makes of a folder; without kubectl the files as they are."""
    path = DEPLOY / "k8s" / folder
    try:
        made = subprocess.run(["kubectl", "kustomize", path], capture_output=True, text=True, timeout=60)
        if made.returncode == 0:
            return list(yaml.safe_load_all(made.stdout))
        fault(f"k8s/{folder}", made.stderr.strip())
    except FileNotFoundError:
        pass
    files = [file for file in path.glob("*.yaml") if file.name != "kustomization.yaml"]
    return [it for file in files for it in yaml.safe_load_all(file.read_text())]


def pod(where, spec, is_service):
    security = spec["securityContext"]
    need(where, security["runAsNonRoot"] and security["runAsUser"] > 0, "must not be root")
    for container in spec["containers"]:
        is_command(where, container["command"])
        inner = container["securityContext"]
        need(where, inner["readOnlyRootFilesystem"] and not inner["allowPrivilegeEscalation"], "may do too much")
        need(where, inner["capabilities"] == {"drop": ["ALL"]}, "may do too much")
        need(where, "memory" in container["resources"]["limits"], "needs a limit of memory")
        if is_service:
            need(where, container["livenessProbe"]["httpGet"]["path"] == "/livez", "liveness must ask /livez")
            need(where, container["readinessProbe"]["httpGet"]["path"] == "/readyz", "readiness must ask /readyz")
            before = container["lifecycle"]["preStop"]["sleep"]["seconds"]
            grace = spec["terminationGracePeriodSeconds"]
            need(where, grace >= STOPS_WITHIN + before, f"{grace} s are too short to stop")


def kubernetes():
    for folder in ("base", "keda", "hpa", "migrate"):
        things = built(folder)
        names = {(it["kind"], it["metadata"]["name"]) for it in things}
        pods = {}
        for it in things:
            where = f"k8s/{folder}: {it['kind']} {it['metadata']['name']}"
            spec = it.get("spec", {})
            if it["kind"] in ("Deployment", "Job"):
                pod(where, spec["template"]["spec"], it["kind"] == "Deployment")
            if it["kind"] == "Deployment":
                labels = spec["template"]["metadata"]["labels"]
                pods[it["metadata"]["name"]] = labels
                need(where, spec["selector"]["matchLabels"].items() <= labels.items(), "selects other pods")
                need(where, "replicas" not in spec, "an apply would undo the autoscaler")
            if it["kind"] == "ConfigMap":
                is_setting(where, it["data"])
            if it["kind"] in ("HorizontalPodAutoscaler", "ScaledObject"):
                need(where, ("Deployment", spec["scaleTargetRef"]["name"]) in names or folder in ("keda", "hpa"),
                     "scales what is not there")
        for it in things:
            if it["kind"] in ("Service", "PodDisruptionBudget") and pods:
                selector = it["spec"]["selector"]
                selector = selector.get("matchLabels", selector)
                need(f"k8s/{folder}", any(selector.items() <= labels.items() for labels in pods.values()),
                     f"{it['kind']} {it['metadata']['name']} selects no pod")
    is_setting("secret.example.yaml", yaml.safe_load((DEPLOY / "k8s/secret.example.yaml").read_text())["stringData"])
    scaled = yaml.safe_load((DEPLOY / "k8s/keda/scaledobject.yaml").read_text())
    where = "k8s/keda"
    allowed = {"scaleTargetRef", "pollingInterval", "cooldownPeriod", "minReplicaCount", "maxReplicaCount", "fallback",
               "advanced", "triggers"}
    need(where, scaled["apiVersion"] == "keda.sh/v1alpha1" and scaled["spec"].keys() <= allowed, "has unknown fields")
    need(where, scaled["spec"]["minReplicaCount"] >= 1, "payments are asked about when nobody writes: never none")
    for trigger in scaled["spec"]["triggers"]:
        need(where, trigger.keys() <= {"type", "metadata", "metricType", "name"}, "a trigger has unknown fields")
        need(where, all(isinstance(it, str) for it in trigger["metadata"].values()), "values of a trigger are texts")


def proxy():
    config = text("deploy/haproxy.cfg")
    for line in ("option httpchk GET /readyz", "option forwardfor", "option http-buffer-request", "path /metrics"):
        need("haproxy.cfg", line in config, f"`{line}` is missing")
    need("haproxy.cfg", not re.search(r"^\s*stats (enable|socket)", config, re.M), "statistics must stay off")


def main():
    for file in sorted(DEPLOY.rglob("*.yaml")):
        try:
            list(yaml.safe_load_all(file.read_text()))
        except yaml.YAMLError as error:
            fault(file.relative_to(ROOT), f"is no YAML: {error}")
    if not FAULTS:
        for check in (dockerfile, compose, lambda: render("deploy/render.yaml"),
                      lambda: render("deploy/render-sqlite.yaml"), kubernetes, proxy):
            try:
                check()
            except (KeyError, TypeError, AttributeError) as error:
                fault(getattr(check, "__name__", "a file"), f"something that must be there is not: {error!r}")
    for it in FAULTS:
        print(f"fault: {it}")
    return 1 if FAULTS else 0


sys.exit(main())
