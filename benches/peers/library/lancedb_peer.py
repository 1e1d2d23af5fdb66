"""Measures LanceDB on the papers and the vectors of the benchmark `library`.

    pip install lancedb==0.40.0 numpy
    python3 benches/peers/library/lancedb_peer.py --papers made.jsonl --vectors made.npy --sizes 10000,100000

`cargo bench --bench library -- --from papers.jsonl.gz --write-papers made.jsonl N` and `--write-vectors made.npy N`
write both files, for 150 papers more than the largest size. The rows after those indexed at once are added one by
one (50) and are the queries (100: title and vector).
"""

import argparse
import collections
import itertools
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

# Its warnings on every search would be most of the output.
os.environ.setdefault("RUST_LOG", "error")

import lancedb
import numpy
import pyarrow
from lancedb.rerankers import RRFReranker

NEW, QUERIES, K, PART = 50, 100, 10, 10_000
FIELDS = ["id", "title", "abstract", "authors", "year", "categories"]


def schema(dim):
    text = pyarrow.string()
    return pyarrow.schema([
        ("id", text),
        ("title", text),
        ("abstract", text),
        ("text", text),
        ("authors", pyarrow.list_(text)),
        ("year", pyarrow.int32()),
        ("categories", pyarrow.list_(text)),
        ("vector", pyarrow.list_(pyarrow.float32(), dim)),
    ])


def record(paper, vector):
    row = {field: paper.get(field) for field in FIELDS}
    # One full-text index has one column. Three times the title gives it the weight that cognate gives it.
    row["text"] = f"{paper['title']} {paper['title']} {paper['title']} {paper['abstract']}"
    row["vector"] = vector
    return row


def table_of(papers, vectors, columns):
    rows = [record(paper, vector) for paper, vector in zip(papers, vectors)]
    return pyarrow.Table.from_pylist(rows, schema=columns)


def seconds(act):
    start = time.perf_counter()
    result = act()
    return time.perf_counter() - start, result


def hybrid(table, text, vector, category):
    query = table.search(query_type="hybrid", vector_column_name="vector").vector(vector).text(text)
    if category:
        query = query.where(f"array_has(categories, '{category}')", prefilter=True)
    return query.rerank(RRFReranker()).limit(K).select(["id", "title"]).to_list()


def rare_category(papers, size):
    counts = collections.Counter(name for paper in papers for name in paper["categories"])
    wanted = -(-size // 100)
    return min(sorted(counts), key=lambda name: abs(counts[name] - wanted))


def measure(papers, vectors, size, folder):
    columns = schema(vectors.shape[1])
    database = lancedb.connect(folder)
    table = database.create_table("papers", schema=columns)

    def index():
        for start in range(0, size, PART):
            end = min(start + PART, size)
            table.add(table_of(papers[start:end], vectors[start:end], columns))
        table.create_fts_index("text", stem=True, remove_stop_words=False, with_position=False)
        # The filter finds its rows through this index. Without an index of vectors, their search is exact.
        table.create_scalar_index("categories", index_type="LABEL_LIST")

    elapsed, _ = seconds(index)
    figures = {"papers added at once": f"{size / elapsed:.0f}/s"}
    category = rare_category(papers[:size], size)
    queries = range(size + NEW, size + NEW + QUERIES)
    for name, chosen in [("hybrid search", None), ("hybrid search, filter of 1%", category)]:
        times = []
        for number in itertools.chain([queries[0]], queries):
            elapsed, hits = seconds(lambda: hybrid(table, papers[number]["title"], vectors[number], chosen))
            assert len(hits) == K, (name, len(hits))
            times.append(elapsed)
        figures[name] = f"{1000 * statistics.median(times[1:]):.2f} ms"
    times = []
    for number in range(size, size + NEW):
        row = table_of([papers[number]], [vectors[number]], columns)
        elapsed, _ = seconds(lambda: table.add(row))
        times.append(elapsed)
        hits = hybrid(table, papers[number]["title"], vectors[number], None)
        assert papers[number]["id"] in [hit["id"] for hit in hits]
    figures["add one paper"] = f"{1000 * statistics.median(times):.2f} ms"
    after = []
    for number in queries:
        elapsed, _ = seconds(lambda: hybrid(table, papers[number]["title"], vectors[number], None))
        after.append(elapsed)
    figures["hybrid search after that"] = f"{1000 * statistics.median(after):.2f} ms"
    size_on_disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    figures["size of the files"] = f"{size_on_disk / 1e6:.0f} MB"
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--sizes", default="10000")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    with options.papers.open() as lines:
        papers = [json.loads(line) for line in itertools.islice(lines, max(sizes) + NEW + QUERIES)]
    vectors = numpy.load(options.vectors, mmap_mode="r")
    columns = {}
    for size in sizes:
        folder = tempfile.mkdtemp()
        columns[size] = measure(papers, vectors, size, folder)
        shutil.rmtree(folder)
    names = list(columns[sizes[0]])
    print("| | " + " | ".join(f"{size:,}" for size in sizes) + " |\n|---|" + "---|" * len(sizes))
    for name in names:
        print(f"| {name} | " + " | ".join(columns[size][name] for size in sizes) + " |")


if __name__ == "__main__":
    main()
