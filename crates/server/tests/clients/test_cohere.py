"""The client of Cohere, whose form of reranking Open WebUI uses too."""

import cohere
import httpx
from served import TEXTS, URL

QUERY = "what is dark matter"


def test_documents_are_ranked_as_by_the_form_of_tei():
    ranks = httpx.post(f"{URL}/rerank", json={"query": QUERY, "texts": TEXTS[:3]}).json()
    client = cohere.Client("not needed", base_url=URL)
    answer = client.rerank(model="bert", query=QUERY, documents=TEXTS[:3], top_n=2)
    found = [(result.index, result.relevance_score) for result in answer.results]
    assert found == [(rank["index"], rank["score"]) for rank in ranks[:2]]


def test_open_webui_gets_the_fields_that_it_reads():
    request = {"model": "bert", "query": QUERY, "documents": TEXTS[:3], "top_n": 3}
    headers = {"Authorization": "Bearer not-needed", "Content-Type": "application/json"}
    answer = httpx.post(f"{URL}/rerank", headers=headers, json=request).json()
    assert sorted(result["index"] for result in answer["results"]) == [0, 1, 2]
    assert all(isinstance(result["relevance_score"], float) for result in answer["results"])
