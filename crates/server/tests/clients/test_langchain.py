"""LangChain's embeddings of OpenAI."""

import openai
import pytest
import tiktoken
from langchain_openai import OpenAIEmbeddings
from served import MODEL, TEXTS, URL, embed, same_bits

NAME = MODEL.rsplit("/", 1)[-1]


def embeddings(**options):
    return OpenAIEmbeddings(base_url=f"{URL}/v1", api_key="not needed", model=NAME, max_retries=0, **options)


def test_embeddings_are_those_of_the_command_bit_for_bit():
    model = embeddings(check_embedding_ctx_length=False)
    assert same_bits(model.embed_documents(TEXTS), embed(TEXTS))
    assert same_bits([model.embed_query(TEXTS[0])], embed(TEXTS[:1]))


def test_the_default_which_sends_token_ids_is_told_what_to_set(monkeypatch):
    # The real tables of tokens are downloaded from a server of OpenAI. This one has a token for each byte.
    bytes_only = tiktoken.Encoding(
        "bytes", pat_str=r".", mergeable_ranks={bytes([b]): b for b in range(256)}, special_tokens={}
    )
    monkeypatch.setattr(tiktoken, "encoding_for_model", lambda _: bytes_only)
    with pytest.raises(openai.BadRequestError, match="check_embedding_ctx_length=False"):
        embeddings().embed_documents(TEXTS[:1])
