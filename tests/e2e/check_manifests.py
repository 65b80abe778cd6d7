"""Checks manifests against the schemas of two versions of Kubernetes, and KEDA's objects against the models of its
2.16.1: check_manifests.py <version> <version> <file>…. Writes JSON: each file's documents, and the faults."""

import functools
import json
import sys

import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject, TriggerAuthentication
from kubernetes_validate import utils

utils.schema_contents = functools.cache(utils.schema_contents)
keda = {"ScaledObject": ScaledObject, "TriggerAuthentication": TriggerAuthentication}


def check(document, versions):
    if document["apiVersion"].startswith("kustomize."):
        return  # has no schema: kubernetes_test.mjs looks at it
    if document["apiVersion"] == "keda.sh/v1alpha1":
        model = keda[document["kind"]].model_validate(document)
        # The models drop what they do not know.
        kept = json.loads(model.model_dump_json(by_alias=True, exclude_unset=True))
        assert kept == document, f"fields that KEDA does not know: {document} became {kept}"
        return
    for version in versions:
        utils.validate(document, version, strict=True)


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that a map has twice, of which YAML would keep the last."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
        return super().construct_mapping(node, deep)


versions = sys.argv[1:3]
out = {"documents": {}, "faults": []}
for name in sys.argv[3:]:
    try:
        with open(name, encoding="utf-8") as file:
            out["documents"][name] = list(yaml.load_all(file, StrictLoader))
        for document in out["documents"][name]:
            check(document, versions)
    except Exception as fault:
        out["faults"].append(f"{name}: {str(fault)[:400]}")
json.dump(out, sys.stdout)
