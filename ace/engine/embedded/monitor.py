"""Pulumi's engine protocol (proto/pulumi/{resource,engine}.proto): requests in, plain values to a handler, answers out.

What the protocol has and this engine has not is refused here, by name.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from ace.engine import wire
from ace.engine.contract import JsonValue
from ace.engine.embedded import structs
from ace.engine.embedded.aliases import Alias
from ace.engine.embedded.goals import Goal, Handler
from ace.engine.provider import InvokeError, UnsupportedError

_THREADS = 96
_ANY_SIZE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]
_FEATURES = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "aliasSpecs": resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
}
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")
_DURATION = re.compile(f"(?:{_DURATION_PART.pattern})+")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LEVELS = {0: "debug", 1: "info", 2: "warning", 3: "error"}


@contextmanager
def serving(handler: Handler) -> Iterator[str]:
    """Serve the protocol on a loopback port while the block runs; gives the address."""
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=_ANY_SIZE)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(_Monitor(handler), server)
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(handler), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None)


def _answering(method: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """What is not supported is an UNIMPLEMENTED status with its message."""

    def answer(self: Any, request: Any, context: Any) -> Any:
        try:
            return method(self, request, context)
        except UnsupportedError as error:
            self._handler.refuse(error)
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))

    return answer


class _Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def GetDeploymentInfo(self, _request: Any, _context: Any) -> Any:
        return resource_pb2.DeploymentInfo(supportedFeatures=list(_FEATURES.values()))

    def SupportsFeature(self, request: Any, _context: Any) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURES)

    @_answering
    def RegisterResource(self, request: Any, _context: Any) -> Any:
        registered = self._handler.register(_goal(request))
        result = resource_pb2.Result.SUCCESS if registered.done else resource_pb2.Result.FAIL
        return resource_pb2.RegisterResourceResponse(
            urn=registered.urn, id=registered.id, object=structs.encode(registered.outputs), result=result
        )

    def RegisterResourceOutputs(self, request: Any, _context: Any) -> Any:
        self._handler.register_outputs(request.urn, structs.decode(request.outputs))
        return empty_pb2.Empty()

    @_answering
    def Invoke(self, request: Any, _context: Any) -> Any:
        arguments = structs.decode(request.args)
        if wire.holds_unknown(arguments):
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        try:
            result = self._handler.invoke(request.tok, arguments, request.provider)
        except InvokeError as error:
            return resource_pb2.ResourceInvokeResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
        if result is None:
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        answer = resource_pb2.ResourceInvokeResponse()
        getattr(answer, "return").CopyFrom(structs.encode(result))  # a keyword in Python
        return answer

    @_answering
    def ReadResource(self, request: Any, _context: Any) -> Any:
        raise UnsupportedError(_unsupported("reading a resource (`.get`)", f"{request.type} {request.name}"))

    @_answering
    def Call(self, request: Any, _context: Any) -> Any:
        raise UnsupportedError(_unsupported("method calls", request.tok))

    @_answering
    def RegisterStackTransform(self, _request: Any, _context: Any) -> Any:
        raise UnsupportedError(_unsupported("stack transforms", "the program"))

    @_answering
    def RegisterStackInvokeTransform(self, _request: Any, _context: Any) -> Any:
        raise UnsupportedError(_unsupported("invoke transforms", "the program"))

    @_answering
    def RegisterResourceHook(self, _request: Any, _context: Any) -> Any:
        raise UnsupportedError(_unsupported("resource hooks", "the program"))

    @_answering
    def RegisterPackage(self, request: Any, _context: Any) -> Any:
        raise UnsupportedError(_unsupported("parameterized packages", request.name))

    def SignalAndWaitForShutdown(self, _request: Any, _context: Any) -> Any:
        return empty_pb2.Empty()


class _Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._root = ""
        self._lock = threading.Lock()

    def Log(self, request: Any, _context: Any) -> Any:
        self._handler.log(_LEVELS.get(request.severity, "info"), request.message, request.urn)
        return empty_pb2.Empty()

    def GetRootResource(self, _request: Any, _context: Any) -> Any:
        with self._lock:
            return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(self, request: Any, _context: Any) -> Any:
        with self._lock:
            self._root = request.urn
        return engine_pb2.SetRootResourceResponse()


def _goal(request: Any) -> Goal:
    who = f"{request.type} {request.name}"
    for option, given in (
        ("deleted_with", request.deletedWith),
        ("replace_with", request.replace_with),
        ("replacement_trigger", request.HasField("replacement_trigger")),
        ("transforms", request.transforms),
        ("state migrations", request.state_migrations),
        ("hooks", request.hooks.ListFields()),
        ("remote components", request.remote),
    ):
        if given:
            raise UnsupportedError(_unsupported(f"the option `{option}`", who))
    inputs: JsonValue = structs.decode(request.object)
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        inputs=inputs,
        provider=request.provider or dict(request.providers).get(request.type.split(":", 1)[0], ""),
        protect=request.protect,
        dependencies=tuple(request.dependencies),
        property_dependencies={
            key: tuple(value.urns) for key, value in request.propertyDependencies.items() if value.urns
        },
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        retain_on_delete=request.retainOnDelete,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        aliases=(*(Alias(urn) for urn in request.aliasURNs), *(_alias(alias) for alias in request.aliases)),
        custom_timeouts=_timeouts(request.customTimeouts),
        version=request.version,
        import_id=request.importId,
    )


def _alias(given: Any) -> Alias:
    if given.WhichOneof("alias") != "spec":
        return Alias(given.urn)
    spec = given.spec
    return Alias("", spec.name, spec.type, spec.stack, spec.project, spec.parentUrn, spec.noParent)


def _timeouts(given: Any) -> dict[str, float]:
    """Seconds by operation, from Go's duration texts such as `1h30m`; Pulumi's Python SDK sends them as given."""
    found = {}
    for name in ("create", "update", "delete", "read"):
        if text := getattr(given, name, ""):
            if not _DURATION.fullmatch(text):
                raise UnsupportedError(f"custom timeout {text!r}: write it as 90s, 10m or 1h30m")
            found[name] = sum(float(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(text))
    return found


def _unsupported(what: str, who: str) -> str:
    return f"the embedded engine does not support {what} ({who}); leave it out, or use the Pulumi CLI: --engine pulumi"
