"""The client of OpenAI."""

import base64

import numpy
import openai
import pytest
from served import MODEL, TEXTS, URL, embed, same_bits

NAME = MODEL.rsplit("/", 1)[-1]


@pytest.fixture(scope="module")
def client():
    return openai.OpenAI(base_url=f"{URL}/v1", api_key="not needed", max_retries=0)


def test_embeddings_are_those_of_the_command_bit_for_bit(client):
    # The client asks for Base64 by default, and decodes it.
    answer = client.embeddings.create(model=NAME, input=TEXTS)
    assert same_bits([row.embedding for row in answer.data], embed(TEXTS))
    assert [row.index for row in answer.data] == list(range(len(TEXTS)))
    assert answer.model == NAME
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > len(TEXTS)


def test_decimal_numbers_are_the_same(client):
    answer = client.embeddings.create(model=NAME, input=TEXTS, encoding_format="float")
    assert same_bits([row.embedding for row in answer.data], embed(TEXTS))


def test_queries_are_embedded_as_queries(client):
    answer = client.embeddings.create(model=NAME, input=TEXTS, extra_body={"input_type": "query"})
    assert same_bits([row.embedding for row in answer.data], embed(TEXTS, "--query"))


def test_base64_is_little_endian(client):
    raw = client.embeddings.with_raw_response.create(
        model=NAME, input=TEXTS[0], encoding_format="base64"
    )
    text = raw.http_response.json()["data"][0]["embedding"]
    row = numpy.frombuffer(base64.b64decode(text), dtype="<f4")
    assert same_bits([row], embed(TEXTS[:1]))


def test_all_dimensions_may_be_asked_for_and_others_not(client):
    dim = embed(TEXTS[:1]).shape[1]
    answer = client.embeddings.create(model=NAME, input=TEXTS[0], dimensions=dim)
    assert len(answer.data[0].embedding) == dim
    with pytest.raises(openai.BadRequestError, match="supports") as caught:
        client.embeddings.create(model=NAME, input=TEXTS[0], dimensions=dim - 1)
    assert caught.value.param == "dimensions"


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model="text-embedding-ada-002", input="a")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("text-embedding-ada-002")


def test_empty_input_is_refused(client):
    for empty in ["", [], ["a", ""]]:
        with pytest.raises(openai.BadRequestError):
            client.embeddings.create(model=NAME, input=empty)


def test_models_are_listed(client):
    names = [model.id for model in client.models.list()]
    assert names[0] == NAME
    assert client.models.retrieve(NAME).id == NAME
