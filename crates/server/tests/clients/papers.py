"""Prints the papers of the test library, one JSON record per line."""

import json

SUBJECTS = ["protein folding", "dark matter", "graph theory", "enzyme kinetics", "the early universe"]
METHODS = ["a model", "a measurement", "a proof", "a simulation", "a review", "an experiment"]


def papers():
    for number, (subject, method) in enumerate((s, m) for s in SUBJECTS for m in METHODS):
        yield {
            "id": f"paper-{number}",
            "title": f"{method} of {subject}".capitalize(),
            "abstract": f"We present {method} of {subject}, and compare it with {number} others.",
            "year": 1990 + number,
            "authors": ["Ada Lovelace", "Alan Turing"],
        }


if __name__ == "__main__":
    for paper in papers():
        print(json.dumps(paper))
