"""Serves embeddings by sentence-transformers in the form of OpenAI, as one writes it with FastAPI.

It has the settings that make it fast: numbers are written by orjson straight from numpy, a call is one run of
`encode`, which sorts its texts by length, and calls take turns, because torch uses all threads for one.
"""

import argparse
from threading import Lock

import orjson
import torch
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

application = FastAPI()
turn = Lock()


class Request(BaseModel):
    input: list[str] | str


@application.post("/v1/embeddings")
def embeddings(request: Request) -> Response:
    texts = [request.input] if isinstance(request.input, str) else request.input
    with turn:
        rows = model.encode(texts, batch_size=options.batch, show_progress_bar=False)
    data = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)]
    document = {"object": "list", "data": data, "model": options.model}
    body = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, media_type="application/json")


parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--batch", type=int, default=32)
options = parser.parse_args()
torch.set_num_threads(options.threads)
model = SentenceTransformer(options.model, device="cpu", local_files_only=True)
uvicorn.run(application, host="127.0.0.1", port=options.port, log_level="warning", access_log=False)
