"""The list of recordings, what belongs together in it, and how it is dealt into folds."""

import numpy as np
import pytest

from gateway.signature.folds import deal, units
from gateway.signature.manifest import Clip, SignatureError, group_of, read_manifest


def manifest(folder, *lines):
    """Write the lines to a manifest in `folder`, return its path."""
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def clip(name, *, source="here", positive=False):
    """Return a clip of `name` that cannot be played."""
    return Clip(name, positive, "rev", source, group_of(name), lambda: np.zeros(0))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["file,class", "a.wav,rev"], "no column label"),
        (["file,label,class"], "lists no recording: give at least one line"),
        (["file,label,class", "a.wav,loud,rev"], "line 2: label 'loud' must be positive or negative"),
        (["file,label,class", "a.wav,positive,rev", "b.wav,negative,dog"], "line 3: no file"),
        (["file,label,class", ",positive,rev"], "line 2: no file"),
    ],
)
def test_a_bad_manifest_is_refused_with_the_line_and_the_cure(tmp_path, lines, said):
    """Before anything is played."""
    (tmp_path / "a.wav").write_bytes(b"sound")
    with pytest.raises(SignatureError, match=said):
        read_manifest(manifest(tmp_path, *lines))


def test_a_manifest_that_is_no_text_is_refused(tmp_path):
    """A spreadsheet, say."""
    path = tmp_path / "manifest.csv"
    path.write_bytes(b"\xd0\xcf\x11\xe0 not text \xff")
    with pytest.raises(SignatureError, match="no CSV in UTF-8"):
        read_manifest(path)


def test_a_line_of_the_manifest_becomes_a_clip(tmp_path):
    """With what is optional, and without."""
    for name in ("glac_train_a.flac", "b.flac"):
        (tmp_path / name).write_bytes(b"sound")
    lines = [
        "file,label,class,source,group",
        "glac_train_a.flac,negative,train,GLAC,",
        "b.flac,positive,,,tour",
    ]
    train, other = read_manifest(manifest(tmp_path, *lines))
    assert ("glac_train_a.flac", False, "train", "GLAC", "glac_train") == (
        train.name, train.positive, train.kind, train.source, train.group,
    )  # fmt: skip
    assert (True, "unnamed", "unnamed", "tour") == (other.positive, other.kind, other.source, other.group)
    assert ("negative", "positive") == (train.label, other.label)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("motorcycle_rev/glac_motorcycle_rev.flac", "motorcycle_passby/glac_motorcycle_driveaway.flac", True),
        ("car_rev/us8k_113205_rev.flac", "engine_idling/us8k_113205_idle.flac", True),
        ("train/glac_train_pass.flac", "motorcycle_rev/glac_motorcycle_rev.flac", False),
        ("dog/us8k_14468_dog_bark_o0_s2.flac", "dog/us8k_85665_dog_bark_o0_s2.flac", False),
        ("osfx_08.flac", "osfx_09.flac", False),
    ],
)
def test_files_are_one_recording_when_their_names_begin_with_the_same_two_words(one, other, together):
    """Wherever they lie, and whatever their class."""
    assert together == (group_of(one) == group_of(other))


def test_a_recording_and_a_collection_are_not_parted():
    """A clip of collection B that is of one recording with a clip of collection A joins both."""
    clips = [
        clip("a_one_1", source="A"),
        clip("a_two_1", source="A"),
        clip("a_one_2", source="B"),
        clip("b_one_1", source="B"),
        clip("c_one_1", source="C"),
        clip("d_one_1", source="D"),
        clip("e_one_1", source="E"),
    ]
    assert [[0, 1, 2, 3], [4], [5], [6]] == units(clips)


def test_a_collection_of_over_a_third_of_all_is_divided_by_recording():
    """Else too little would be left to learn from; its recordings stay whole."""
    clips = [clip(f"u_{index // 2}_{index % 2}", source="U") for index in range(4)]
    clips += [clip(f"t_{index}_x", source="T") for index in range(3)]
    clips += [clip(f"x_{index}_x", source=f"X{index}") for index in range(2)]
    assert [[0, 1], [2, 3], [4, 5, 6], [7], [8]] == units(clips)


def test_every_fold_gets_positives_and_no_unit_is_in_two():
    """As many folds as there are units with positives can each have one."""
    clips = [clip(f"p_{index}", source=f"P{index // 2}", positive=True) for index in range(6)]
    clips += [clip(f"n_{index}", source=f"N{index}") for index in range(9)]
    folds = deal(clips, 3)
    for fold in range(3):
        assert any(clips[index].positive for index in np.flatnonzero(folds == fold))
        assert 5 == np.sum(folds == fold)
    for unit in units(clips):
        assert 1 == len(set(folds[unit]))


@pytest.mark.parametrize("folds", [0, 1, 3])
def test_folds_that_cannot_be_made_are_refused(folds):
    """Two sources make two folds, no more."""
    with pytest.raises(SignatureError, match="folds cannot be made of 2 separate sources"):
        deal([clip("a_1", source="A"), clip("b_1", source="B")], folds)
