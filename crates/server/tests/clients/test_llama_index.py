"""The clients of LlamaIndex for text-embeddings-inference."""

import json
import subprocess

from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference
from llama_index.postprocessor.tei_rerank import TextEmbeddingInference as TeiRerank
from papers import papers
from served import COMMAND, LIBRARY, RERANKER, TEXTS, URL, embed, same_bits


def test_embeddings_are_those_of_the_command_bit_for_bit():
    client = TextEmbeddingsInference(model_name="tiny", base_url=URL, embed_batch_size=2)
    assert same_bits(client.get_text_embedding_batch(TEXTS), embed(TEXTS))
    assert same_bits([client.get_text_embedding(TEXTS[1])], embed(TEXTS[1:2]))


def test_nodes_are_reranked_as_the_command_reranks_papers():
    query = "how do proteins fold"
    arguments = ["search", "--library", LIBRARY, "--json", "-k", "30", "--rerank", RERANKER]
    found = subprocess.run(
        [COMMAND, *arguments, "--rerank-depth", "30", query], check=True, capture_output=True
    )
    hits = json.loads(found.stdout)["hits"]
    assert len(hits) == 30
    texts = {paper["id"]: f"{paper['title']} {paper['abstract']}" for paper in papers()}
    nodes = [NodeWithScore(node=TextNode(id_=id, text=text)) for id, text in texts.items()]
    reranker = TeiRerank(base_url=URL, top_n=10)
    ranked = reranker.postprocess_nodes(nodes, QueryBundle(query))
    assert [node.node.node_id for node in ranked] == [hit["id"] for hit in hits[:10]]
    for node, hit in zip(ranked, hits):
        assert node.score == hit["rerank_score"]
