"""The Python SDK of the Model Context Protocol, and plain pipes to `cognate mcp`."""

import asyncio
import json
import subprocess

import mcp
import pytest
from served import COMMAND, LIBRARY, URL

STDIO = mcp.StdioServerParameters(command=COMMAND, args=["mcp", "--library", str(LIBRARY)])
HTTP = f"{URL}/mcp"
SERVERS = pytest.mark.parametrize("server", [STDIO, HTTP], ids=["stdio", "http"])

TOOLS = {
    "search_papers",
    "related_papers",
    "get_papers",
    "missed_citations",
    "explain_match",
    "list_topics",
    "new_papers",
    "export_citations",
    "library_info",
}
QUERY = "a model of dark matter"


def cognate(*arguments):
    """Returns the JSON document of the command."""
    output = subprocess.run([COMMAND, *arguments], check=True, capture_output=True)
    return json.loads(output.stdout)


def hits(k):
    """Returns the hits of the query, from the command."""
    return cognate("search", "--library", LIBRARY, "--json", "-k", str(k), QUERY)["hits"]


@SERVERS
@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
def test_every_tool_answers_in_every_mode_of_the_protocol(server, mode):
    async def check():
        async with mcp.Client(server, mode=mode) as client:
            # Without a handshake, the client knows nothing of the server.
            assert mode == "2026-07-28" or client.server_info.name == "cognate"
            tools = (await client.list_tools()).tools
            assert {tool.name for tool in tools} == TOOLS
            # The SDK validates each document by the schema of the tool.
            answer = await client.call_tool("search_papers", {"query": QUERY})
            papers = answer.structured_content["papers"]
            found = [(paper["id"], paper["score"]) for paper in papers]
            assert found == [(hit["id"], hit["score"]) for hit in hits(5)]
            assert all(paper["id"] in answer.content[0].text for paper in papers)
            first = papers[0]["id"]
            calls = {
                "related_papers": {"like": [first]},
                "get_papers": {"ids": first},
                "missed_citations": {"text": "Dark matter has a model. Proteins fold."},
                "explain_match": {"id": first, "query": QUERY},
                "list_topics": {"k": "2"},
                "new_papers": {},
                "export_citations": {"ids": [first]},
                "library_info": {},
            }
            answers = await asyncio.gather(*(client.call_tool(*call) for call in calls.items()))
            for tool, answer in zip(calls, answers):
                assert not answer.is_error, (tool, answer.content[0].text)
            wrong = await client.call_tool("get_papers", {"ids": ["no such paper"]})
            assert wrong.is_error
            assert "search_papers" in wrong.content[0].text
            resource = await client.read_resource(f"cognate://paper/{first}")
            assert json.loads(resource.contents[0].text)["id"] == first
            assert len((await client.list_prompts()).prompts) == 2
            prompt = await client.get_prompt("literature_review", {"topic": "Dark matter"})
            assert prompt.messages[0].content.text.endswith("Dark matter")

    asyncio.run(check())


@SERVERS
def test_many_calls_run_at_once(server):
    async def check():
        async with mcp.Client(server) as client:
            calls = (client.call_tool("search_papers", {"query": f"proof {n}"}) for n in range(32))
            assert not any(answer.is_error for answer in await asyncio.gather(*calls))

    asyncio.run(check())


def start():
    """Starts the command with pipes."""
    arguments = [COMMAND, "mcp", "--library", LIBRARY]
    pipe = subprocess.PIPE
    return subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def send(process, message):
    line = message if isinstance(message, str) else json.dumps(message)
    process.stdin.write(line + "\n")
    process.stdin.flush()


def test_the_command_ends_with_its_input():
    process = start()
    output, errors = process.communicate("")
    assert (process.returncode, output) == (0, ""), errors


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_standard_output_has_nothing_but_the_protocol(revision):
    process = start()
    client = {"name": "test", "version": "1"}
    params = {"protocolVersion": revision, "capabilities": {}, "clientInfo": client}
    send(process, {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    answer = json.loads(process.stdout.readline())
    assert answer["result"]["protocolVersion"] == revision
    send(process, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    send(process, "no JSON")
    params = {"name": "search_papers", "arguments": {"query": QUERY}}
    send(process, {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params})
    # A malformed line may be answered by an error.
    while (answer := json.loads(process.stdout.readline())).get("id") != 2:
        assert "error" in answer
    assert not answer["result"]["isError"]
    output, errors = process.communicate()
    assert (process.returncode, output) == (0, ""), errors
