"""Requests that Schemathesis generates from `/openapi.json`, to a server that allows changes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from served import COMMAND, LIBRARY, RERANKER, WORK

SETTINGS = Path(__file__).with_name("schemathesis.toml")
SCHEMATHESIS = Path(sys.prefix) / "bin/schemathesis"


@pytest.fixture
def url():
    """Serves a copy of the library that may be changed."""
    library = WORK / "changing"
    shutil.copytree(LIBRARY, library)
    arguments = ["serve", "--library", library, "--bind", "127.0.0.1:0", "--allow-write"]
    with open(WORK / "changing.log", "w") as log:
        server = subprocess.Popen(
            [COMMAND, *arguments, "--rerank-model", RERANKER], stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield re.search(r"http://[0-9.:]+", server.stdout.readline()).group()
    finally:
        server.terminate()
        server.wait()


def test_every_answer_to_generated_requests_is_as_described(url):
    arguments = ["run", f"{url}/openapi.json", "--checks", "all", "--seed", "1", "--max-examples", "3", "--no-color"]
    run = subprocess.run(
        [SCHEMATHESIS, "--config-file", SETTINGS, *arguments], capture_output=True, text=True, cwd=WORK
    )
    assert run.returncode == 0, run.stdout
