"""Generates the gRPC stubs from the `.proto` files at run time, so that no generated file has to be kept.

A program that is shipped would generate them once, at build time, with the same arguments.
"""

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc


def generate(proto_root: Path) -> None:
    """Generates stubs for every file below `proto_root` and makes `import hall.…` find them."""
    out = tempfile.mkdtemp(prefix="baize-stubs-")
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    files = sorted(str(file.relative_to(proto_root)) for file in proto_root.glob("hall/**/*.proto"))
    if not files:
        raise SystemExit(f"no .proto files below {proto_root}/hall")
    arguments = ["protoc", f"--proto_path={proto_root}", f"--proto_path={well_known_types()}"]
    arguments += [f"--python_out={out}", f"--grpc_python_out={out}", *files]
    if protoc.main(arguments) != 0:
        raise SystemExit("the .proto files do not compile")
    sys.path.insert(0, out)


def well_known_types() -> Path:
    """Where grpcio-tools keeps google/protobuf/timestamp.proto and its like."""
    import grpc_tools

    return Path(grpc_tools.__file__).parent / "_proto"
