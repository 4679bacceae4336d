"""All recordings through the real firmware: how many exhausts are recognised, and how much else."""

import json

import pytest

from gateway.signature.evaluate import Options, evaluate
from tests.chain.cabinet import ROOT

MANIFEST = ROOT.parent / "shared" / "sounds" / "dev" / "manifest.csv"


@pytest.mark.slow
@pytest.mark.recordings
@pytest.mark.timeout(400)
@pytest.mark.skipif(not MANIFEST.is_file(), reason="the recordings beside the project are not here")
def test_three_quarters_of_the_exhausts_and_at_most_a_tenth_of_the_rest_trigger():
    """Every recording at 92 dB(A): a first signature, for which this is enough."""
    figures = evaluate(Options(MANIFEST, level_dba=92.0))
    print(json.dumps({key: figures[key] for key in ("by_class", "errors")}, indent=1))

    assert figures["recall"] >= 0.75
    assert figures["false_positives"] / figures["negatives"] <= 0.1
