"""The command line of the MCP inspector, which is written in TypeScript."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from served import COMMAND, LIBRARY
from test_mcp import HTTP, QUERY, TOOLS, hits

PACKAGE = "@modelcontextprotocol/inspector@0.15.0"
FOLDER = Path(sys.prefix) / "inspector"

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


@pytest.fixture(scope="module")
def inspector():
    """Returns the inspector, which is installed beside the other clients."""
    program = FOLDER / "node_modules/.bin/mcp-inspector"
    if not program.exists():
        FOLDER.mkdir(exist_ok=True)
        options = ["--no-audit", "--no-fund", "--silent"]
        subprocess.run(["npm", "install", *options, "--prefix", FOLDER, PACKAGE], check=True)
    return program


@pytest.mark.parametrize(
    "target",
    [[COMMAND, "mcp", "--library", str(LIBRARY)], [HTTP, "--transport", "http"]],
    ids=["stdio", "http"],
)
def test_the_inspector_lists_and_calls_tools(inspector, target):
    def inspect(method, *arguments):
        command = [inspector, "--cli", *target, "--method", method, *arguments]
        output = subprocess.run(command, check=True, capture_output=True, timeout=120)
        return json.loads(output.stdout)

    assert {tool["name"] for tool in inspect("tools/list")["tools"]} == TOOLS
    arguments = ["--tool-name", "search_papers", "--tool-arg", f"query={QUERY}", "k=2"]
    answer = inspect("tools/call", *arguments)
    papers = answer["structuredContent"]["papers"]
    found = [(paper["id"], paper["score"]) for paper in papers]
    assert found == [(hit["id"], hit["score"]) for hit in hits(2)]
    assert inspect("resources/list")["resources"][0]["uri"] == "cognate://library"
    assert len(inspect("prompts/list")["prompts"]) == 2
