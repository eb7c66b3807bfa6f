"""The folder cloud as a plugin of the Pulumi CLI: the same `FilesProvider`, behind Pulumi's provider protocol.

So one suite of scenarios runs on both engines, against the very same cloud. Run as a module it serves, as
`pulumi-resource-files` does; `install` puts such an executable into a folder for PATH.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import errors_pb2, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from ace.engine.contract import UNKNOWN, CloudError
from ace.engine.embedded.structs import decode, encode
from ace.engine.paths import root, within
from ace.engine.wire import clear, holds_unknown
from tests.contract.files_provider import TOKEN, FilesProvider, FileType

CHECKOUT = Path(__file__).resolve().parents[2]


def install(folder: Path) -> None:
    """Write the plugin's executable into `folder`."""
    plugin = folder / "pulumi-resource-files"
    plugin.write_text(f'#!/bin/sh\nPYTHONPATH="{CHECKOUT}" exec "{sys.executable}" -m tests.contract.files_plugin\n')
    plugin.chmod(0o755)


def _telling(method: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """A `CloudError` as a gRPC status; with what it made, as a resource whose initialisation failed."""

    def answer(self: Any, request: Any, context: Any) -> Any:
        try:
            return method(self, request, context)
        except CloudError as error:
            if error.made is None:
                context.abort(grpc.StatusCode.UNKNOWN, error.message)
                raise
            half = errors_detail(error)
            status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=error.message, details=[half])
            context.set_trailing_metadata([("grpc-status-details-bin", status.SerializeToString())])
            context.abort(grpc.StatusCode.UNKNOWN, error.message)

    return answer


def errors_detail(error: CloudError) -> any_pb2.Any:
    """`pulumirpc.ErrorResourceInitFailed` of a resource that was made and did not become usable."""
    assert error.made is not None
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.made.id,
            properties=encode(error.made.outputs),
            reasons=[error.message],
            inputs=encode({k: v for k, v in error.made.outputs.items() if k not in ("id", "size")}),
        )
    )
    return detail


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """One provider resource."""

    def __init__(self) -> None:
        self._provider = FilesProvider()
        self._type: FileType = self._provider.types[TOKEN]
        self._folder = Path()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._provider.version)

    def GetSchema(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema='{"name": "files"}')

    def CheckConfig(self, request: Any, _context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, _context: Any) -> Any:
        if decode(request.old_inputs) == decode(request.news):
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME, replaces=["folder"], diffs=["folder"]
        )

    def Configure(self, request: Any, _context: Any) -> Any:
        self._folder = self._provider.configure(decode(request.args), {})
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(self, request: Any, _context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=encode(self._type.check(clear(decode(request.news)))))

    @_telling
    def Diff(self, request: Any, _context: Any) -> Any:
        ignored = list(request.ignoreChanges)
        news, old_inputs = clear(decode(request.news)), clear(decode(request.old_inputs))
        diff = self._type.diff(news, old_inputs, clear(decode(request.olds)))
        changes = [change for change in diff.changes if not within(ignored, change)]
        kinds = provider_pb2.PropertyDiff
        detailed = {c.path: kinds(kind=kinds.UPDATE_REPLACE if c.forces_replacement else kinds.UPDATE) for c in changes}
        some = provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some,
            replaces=[root(c.path) for c in changes if c.forces_replacement],
            diffs=[root(c.path) for c in changes],
            detailedDiff=detailed,
            hasDetailedDiff=True,
            deleteBeforeReplace=diff.delete_before_replace,
        )

    @_telling
    def Create(self, request: Any, _context: Any) -> Any:
        inputs = clear(decode(request.properties))
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode({**self._type.kept(inputs), "size": UNKNOWN}))
        live = self._type.create(self._within(request.timeout), inputs)
        return provider_pb2.CreateResponse(id=live.id, properties=encode(live.outputs))

    @_telling
    def Read(self, request: Any, _context: Any) -> Any:
        live = self._type.read(self._folder, request.id, clear(decode(request.properties)))
        if live is None:
            return provider_pb2.ReadResponse()
        known = clear(decode(request.inputs)) or {k: v for k, v in live.outputs.items() if k not in ("id", "size")}
        inputs = self._type.inputs_of(live, known)
        return provider_pb2.ReadResponse(id=live.id, properties=encode(live.outputs), inputs=encode(inputs))

    @_telling
    def Update(self, request: Any, _context: Any) -> Any:
        news, olds = clear(decode(request.news)), clear(decode(request.olds))
        if request.preview:
            size = UNKNOWN if holds_unknown(news) or news.get("content") != olds.get("content") else olds.get("size")
            return provider_pb2.UpdateResponse(properties=encode({**self._type.kept(news), "size": size}))
        live = self._type.update(
            self._within(request.timeout), request.id, news, clear(decode(request.old_inputs)), olds
        )
        return provider_pb2.UpdateResponse(properties=encode(live.outputs))

    @_telling
    def Delete(self, request: Any, _context: Any) -> Any:
        self._type.delete(self._within(request.timeout), request.id, clear(decode(request.properties)))
        return empty_pb2.Empty()

    @_telling
    def Invoke(self, request: Any, _context: Any) -> Any:
        answer = provider_pb2.InvokeResponse()
        result = self._provider.invokes[request.tok](self._folder, clear(decode(request.args)))
        getattr(answer, "return").CopyFrom(encode(result))
        return answer

    def _within(self, seconds: float) -> Path:
        return self._provider.within(self._folder, seconds) if seconds else self._folder

    def Cancel(self, _request: Any, _context: Any) -> Any:
        (self._folder / "cancelled").touch()
        return empty_pb2.Empty()


def main() -> None:
    """Serve until killed; the port goes to standard output, as Pulumi's plugins do."""
    server = grpc.server(ThreadPoolExecutor(16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Plugin(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    assert errors_pb2  # registers what Pulumi packs into statuses
    main()
