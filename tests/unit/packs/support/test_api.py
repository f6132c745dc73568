"""The pack's stable API: every promised name is there, and the conversation does not wait for scikit-learn."""

import subprocess
import sys

import pytest

from duologue.packs import support


def test_every_promised_name_is_there() -> None:
    for name in support._MODELS:
        assert getattr(support, name).__doc__, name
    with pytest.raises(AttributeError, match="nonsense"):
        _ = support.nonsense


def test_the_conversation_does_not_import_scikit_learn() -> None:
    code = "import sys, duologue.packs.support as s; s.PACK; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["IntentModel", "SentimentModel", "SatisfactionModel", "Recommender"])
def test_the_models_say_their_shapes_and_errors(name: str) -> None:
    model = getattr(support, name)
    for method in ("fit", "predict", "predict_proba", "predict_level", "score_scope", "is_in_scope", "scores", "recommend", "read"):
        if hasattr(model, method):
            said = getattr(model, method).__doc__
            assert "aises" in said, (name, method)
            assert method in ("recommend", "read") or "(n" in said or "(E)" in said or name == "SatisfactionModel", (name, method)
