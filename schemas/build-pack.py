#!/usr/bin/env python3
"""Builds kubernetes.pack: the Kubernetes definitions of several minors, deduplicated and deflated.

    python3 schemas/build-pack.py FOLDER schemas/kubernetes.pack

FOLDER is `kubernetes_validate/kubernetes-json-schema` of the unpacked `kubernetes-validate` wheel; see README.md.
Standard library only; the same FOLDER gives the same bytes.

The inflated pack is text. Line one: `hydrant-kubernetes-pack 1 1.25 1.26 …`, the minors from old to new. Every further
line is one definition: `MASK GVK NAME SCHEMA`, where bit n of the hexadecimal MASK says that the n-th minor has it, GVK
is `group/version/Kind` or `-`, and SCHEMA is JSON Schema 2020-12 without blanks.
"""

import json
import pathlib
import re
import sys
import zlib

INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
# The zero time is written as null, also where a time is required.
TIMES = {"io.k8s.apimachinery.pkg.apis.meta.v1.Time", "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"}
BOUNDS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
SCALARS = {
    INT_OR_STRING: {"type": ["integer", "string", "null"], "minimum": BOUNDS["int32"][0], "maximum": BOUNDS["int32"][1]},
    QUANTITY: {"type": ["string", "number", "null"], "format": "quantity"},
}
KEPT = {"$ref", "type", "required", "enum"}
# Lists with map keys in which the API server nevertheless takes the same key twice, at most with a warning.
REPEATABLE = {"addresses", "conditions", "env", "hostAliases", "imagePullSecrets", "ownerReferences", "secrets"}
DROPPED = {"description", "default", "title"}
PREFIX = "#/$defs/"


def main():
    folder, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    minors = sorted(minors_of(folder), key=lambda minor: int(minor.split(".")[1]))
    lines = {}
    for bit, minor in enumerate(minors):
        definitions = json.loads((folder / f"v{minor}.0-local" / "_definitions.json").read_bytes())["$defs"]
        for name, definition in definitions.items():
            key = (name, gvk_of(name, definition), dump(convert_definition(name, definition, definitions)))
            lines[key] = lines.get(key, 0) | 1 << bit
    text = [" ".join(["hydrant-kubernetes-pack", "1", *minors])]
    text += [f"{mask:x} {gvk} {name} {schema}" for (name, gvk, schema), mask in sorted(lines.items())]
    raw = ("\n".join(text) + "\n").encode()
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    packed = deflate.compress(raw) + deflate.flush()
    output.write_bytes(packed)
    print(f"{len(minors)} minors, {len(lines)} definitions, {len(raw)} bytes, {len(packed)} packed", file=sys.stderr)


def minors_of(folder):
    for path in folder.iterdir():
        match = re.fullmatch(r"v(1\.\d+)\.0-local", path.name)
        if match:
            yield match[1]


def gvk_of(name, definition):
    """The one kind a definition stands for. Types that belong to every group (DeleteOptions, …) are no objects."""
    kinds = definition.get("x-kubernetes-group-version-kind", [])
    if len(kinds) != 1 or name.rsplit(".", 1)[1] in {"DeleteOptions", "Status", "WatchEvent"}:
        return "-"
    return "{group}/{version}/{kind}".format(**kinds[0])


def convert_definition(name, definition, definitions):
    return SCALARS[name] if name in SCALARS else convert(definition, definitions)


def convert(schema, definitions):
    result = {}
    for key, value in schema.items():
        if key == "properties":
            required = schema.get("required", [])
            result[key] = {
                name: convert_property(name, child, name in required, schema, definitions) for name, child in value.items()
            }
        elif key == "items":
            result[key] = not_null(convert(value, definitions), definitions, times=True)
        elif key == "additionalProperties":
            result[key] = convert(value, definitions) if isinstance(value, dict) else value
        elif key == "format":
            result.update(convert_format(value))
        elif key in KEPT:
            result[key] = value
        elif key not in DROPPED and not key.startswith("x-kubernetes-"):
            raise SystemExit(f"unknown keyword `{key}`: decide what it means to Hydrant")
    # strict: the API server refuses what it does not know
    if "properties" in result and "additionalProperties" not in result:
        result["additionalProperties"] = False
    return result


def convert_property(name, schema, required, parent, definitions):
    result = convert(schema, definitions)
    if required:
        not_null(result, definitions, times=False)
    keys = schema.get("x-kubernetes-list-map-keys")
    of_container = name == "ports" and "image" in parent["properties"]
    if keys and name not in REPEATABLE and not of_container:
        result["x-list-map-keys"] = keys
    return result


def convert_format(name):
    if name in BOUNDS:
        low, high = BOUNDS[name]
        return {"minimum": low, "maximum": high}
    if name in {"byte", "date-time"}:
        return {"format": name}
    if name == "double":
        return {}
    raise SystemExit(f"unknown format `{name}`: decide what it means to Hydrant")


def not_null(schema, definitions, times):
    """The API server drops a null field, but neither a null item of a list nor a required field."""
    types, target = schema.get("type"), schema.get("$ref")
    if target is not None:
        name = target.removeprefix(PREFIX)
        if name in TIMES and not times:
            return schema
        types = SCALARS[name]["type"] if name in SCALARS else definitions[name].get("type")
    if isinstance(types, list) and "null" in types:
        rest = [kind for kind in types if kind != "null"]
        schema["type"] = rest[0] if len(rest) == 1 else rest
    return schema


def dump(schema):
    return json.dumps(schema, sort_keys=True, separators=(",", ":"))


main()
